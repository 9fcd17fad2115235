"""The proofs of docs/servers.md."""

import json
from functools import partial

import pytest

from harness import ROOT, measured
from harness.container import wait_until
from scenarios.servers import (
    COLUMNS,
    COMMANDS,
    FILE,
    MALFORMED,
    NAMES,
    SMALL,
    finishes,
    is_up,
    look,
    started,
)

DATA = ROOT / "docs/_data/servers.json"
ROWS = json.loads(DATA.read_text())["tables"]["behavior"]["rows"]
CELLS = {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in ROWS}
REJECTS, SLOW, REPLACES, FINISHES, _ = COLUMNS[1:]
HOOK = ["--hook-master-start", "unix_signal:15 gracefully_kill_them_all"]
IGNORES_THE_SIGNAL = 137  # what Docker reports after it has killed PID 1
each = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture
def image(image_of):
    """Build the page's first image, with a small application instead of Django's."""
    return image_of("sync", SMALL)


def test_each_command_serves(stack, image_of):
    """Docker Compose starts every service with its command, all on ports of their own."""
    site = stack(FILE, {name: {"image": image_of(name, SMALL)} for name in COMMANDS})
    site.run("up", "--detach", "--no-build")

    assert sorted(site.names()) == sorted(COMMANDS)
    assert wait_until(lambda: all(is_up(site.service(name)) for name in COMMANDS))


@each
def test_row_of_the_table_still_holds(image_of, run, name):
    """The server does today what its row says: with bad requests, slow clients and signals."""
    assert look(run, image_of(name, SMALL), name) == list(CELLS[NAMES[name]].values())


def test_uwsgi_passes_every_malformed_request():
    """In the table whose rows are tested again, uWSGI rejects none; every other server does."""
    rejects = {name: CELLS[label][REJECTS] for name, label in NAMES.items()}

    assert rejects.pop("uwsgi") == 0
    assert min(rejects.values()) > 0


def test_only_gunicorn_and_apache_reject_every_malformed_request():
    """In the table whose rows are tested again, all classes of Gunicorn and mod_wsgi reject all."""
    all_of_them = max(row[REJECTS] for row in CELLS.values())
    rejecting = {label for label, row in CELLS.items() if row[REJECTS] == all_of_them}

    assert all_of_them == len(MALFORMED)
    assert rejecting == {label for label in CELLS if label.startswith(("Gunicorn", "mod_wsgi"))}


def test_slow_clients_block_four_of_the_servers():
    """In the table whose rows are tested again, all others serve the next client in time."""
    blocked = [name for name, label in NAMES.items() if not CELLS[label][SLOW]]

    assert blocked == ["sync", "gthread", "uwsgi", "mod-wsgi"]


def test_uwsgi_finishes_requests_only_with_the_hook(image, run):
    """With --die-on-term instead of the hook, a request that is in progress is cut."""
    command = [word for word in COMMANDS["uwsgi"] if word not in HOOK]
    assert len(command) == len(COMMANDS["uwsgi"]) - len(HOOK)
    start = partial(run, image, *command, "--die-on-term", ready="spawned uWSGI worker 2")

    assert finishes(start)[0] is False
    assert CELLS[NAMES["uwsgi"]][FINISHES] is True


def test_mod_wsgi_finishes_requests_only_on_sigwinch(image_of, run):
    """On the default signal, a request that is in progress is cut; on the file's, it is not."""
    image = image_of("mod-wsgi", SMALL)

    assert finishes(partial(started, run, image, "mod-wsgi", stop_signal=None))[0] is False
    assert finishes(partial(started, run, image, "mod-wsgi"))[0] is True


def test_waitress_ignores_sigterm_as_pid_1(image, run):
    """Without `stop_signal`, Docker kills Waitress at the end of the grace period."""
    container = started(run, image, "waitress", stop_signal=None)

    assert container.stop(grace=2).exit_code == IGNORES_THE_SIGNAL


def test_hypercorn_exits_with_its_worker():
    """In the table whose rows are tested again, only Hypercorn exits."""
    exits = [name for name, label in NAMES.items() if CELLS[label][REPLACES] == "no, exits"]

    assert exits == ["hypercorn"]


def test_hypercorn_and_daphne_cut_requests():
    """In the table whose rows are tested again, all others finish the request."""
    cut = [name for name, label in NAMES.items() if not CELLS[label][FINISHES]]

    assert cut == ["hypercorn", "daphne"]


def test_asgi_servers_cost_more_for_sync_views():
    """In both runs of the benchmark, the cheapest ASGI server needs thrice the time of gthread."""
    cost = json.loads(DATA.read_text())["tables"]["cost"]
    of_asgi = {NAMES[name] for name, command in COMMANDS.items() if "core.asgi" in str(command)}

    for run in (cost, cost["earlier"]):
        spent = {row[0]: row[1] for row in run["rows"]}
        assert min(spent[name] for name in of_asgi) >= 3 * spent[NAMES["gthread"]]
    assert len(of_asgi) == 5


def test_row_of_another_machine_is_refused(tmp_path, monkeypatch):
    """A second row is added on the same machine, but not on another one; the table stays."""
    monkeypatch.setattr(measured, "DATA", tmp_path)
    here = {"machine": "here", "versions": ["Gunicorn 27"]}
    for name in ("second", "first"):
        measured.write_row("topic", "table", ["name", "s"], [name, 1], ["first", "second"], **here)
    before = (tmp_path / "topic.json").read_text()

    for other in ({"machine": "there"}, {"versions": ["Gunicorn 28"]}):
        with pytest.raises(measured.MixedError, match="measure all of its rows again"):
            measured.write_row("topic", "table", [], ["first", 2], ["first"], **here | other)
    assert (tmp_path / "topic.json").read_text() == before
    rows = json.loads(before)["tables"]["table"]["rows"]
    assert rows == [["first", 1], ["second", 1]]
