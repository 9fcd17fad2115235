"""The proofs of docs/celery.md."""

import json
import re
from contextlib import suppress

import pytest
from python_on_whales.exceptions import DockerException

from harness import SNIPPETS
from harness.container import PATIENCE, Container, wait_until
from harness.load import Load
from harness.texts import edited
from scenarios import background
from scenarios.databases import KEPT, POOL
from scenarios.production import BUILD, HOST, UPDATE

PINS = """\
amqp==5.4.2
billiard==4.3.2
celery==5.7.0
click==8.5.1
click-didyoumean==0.3.1
click-plugins==1.1.1.2
click-repl==0.4.1
kombu==5.7.0
packaging==26.3
prompt-toolkit==3.0.53
python-dateutil==2.9.0.post0
redis==8.1.0
six==1.17.0
tzlocal==5.4.5
vine==5.1.0
wcwidth==0.9.4
"""
SETTINGS = "celery/acknowledge-late.settings.py"
SERVICES = (SNIPPETS / "celery/worker-and-beat.compose.yaml").read_text()
FILES = [("core/celery.py", "celery/django.celery.py")]
FILES += [
    ("core/__init__.py", "celery/load.__init__.py"),
    ("core/tasks.py", "celery/mail.tasks.py"),
]
PROJECT = background.changes(
    "celery_jobs", *FILES, pins=f"{PINS}psycopg-pool==3.3.3\n", settings=SETTINGS
)
# A worker that is killed while it returns messages holds the lock, by default for 300 s.
SOON = '"visibility_timeout": 15, "unacked_restore_interval": 1, "unacked_restore_throttle": 1, '
SOON += '"unacked_mutex_expire": 5'
TICK = '"tick": {"task": "core.celery_jobs.tick", "schedule": 2},\n}'
PROJECT |= {
    "core/tasks.py": PROJECT["core/tasks.py"] + "\n\nimport core.celery_jobs\n",
    "core/settings.py": edited(
        PROJECT["core/settings.py"],
        {'"visibility_timeout": 3600': SOON, "86400},\n}": f"86400}},\n    {TICK}"},
    ),
}
OTHERS = {
    "connections": f"""{KEPT}
DATABASES["pooled"] = {{**DATABASES["default"]}}
{edited(POOL, {'"default"': '"pooled"'}, times=3)}""",
    "soft": """CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = 3600""",
}
PROJECT |= {
    f"core/{name}.py": f"from core.settings import *\n\n{text}\n" for name, text in OTHERS.items()
}
WORKER = ["celery", "--app", "core", "worker", "--concurrency", "2", "--loglevel", "INFO"]
WORKER += ["--queues"]
VOLUME = {"\nvolumes:\n  db:\n": "\nvolumes:\n  db:\n  broker:\n"}
WAITING = [["llen", "celery"], ["hlen", "unacked"]]
NAMES = ["worker", "beat"]
TASKS = "background-tasks"
STEPS = [(TASKS, "docker compose build"), (TASKS, "docker compose run --rm migrate")]
STEPS += [("celery", "docker compose up --detach --no-deps worker beat"), (TASKS, UPDATE)]
OPEN = "SELECT pid FROM pg_stat_activity"
RUNS = "SELECT split_part(name, ' ', 1) FROM auth_group"
DUE = "Scheduler: Sending due task tick"
CHECKS = re.findall(r"test: >-\n +(.+)", SERVICES.replace("$$", "$"))
BEAT = "$(cat /proc/1/task/1/children)"  # the only child of docker-init


@pytest.mark.docker_only("BuildKit, which builds both images of the Compose file")
def test_page_adds_celery_that_loses_no_task(walk, startproject):
    """A client sends tasks during the page's update: each of them runs; beat starts again.

    A task whose worker stops between its end and its acknowledgment runs twice.
    """
    walk.begin_compose(startproject())
    walk.add("requirements.txt", PINS)
    walk.edit("compose.yaml", VOLUME)
    walk.follow("celery")
    walk.add_views("groups")
    walk.add("core/tasks.py", "\nimport core.groups\n")
    walk.run("celery", BUILD)
    nginx = walk.stack.service("nginx")
    before = {name: walk.stack.service(name).handle.id for name in NAMES}

    walk.add("core/release.py", "NAME = 'next'\n")
    url = f"{nginx.address}/groups/"
    with Load(url, clients=1, pause=0.2, methods=["POST"], **HOST) as load:
        for page, command in STEPS:
            walk.run(page, command)
    sent = load.answers[200]
    assert wait_until(lambda: len(set(walk.rows(RUNS))) >= sent)

    assert load.answers.keys() == {200}
    assert len(set(walk.rows(RUNS))) == sent
    for name in NAMES:
        after = walk.stack.service(name).handle
        assert after.id != before[name]
        assert wait_until(lambda: after.state.health.status == "healthy")  # noqa: B023


@pytest.fixture(scope="module")
def up(with_services):
    """Start the site without nginx, with the broker and a worker of the page."""
    site = with_services(PROJECT, NAMES, SERVICES, edits=VOLUME)
    try:
        site.up("web", "worker")
        yield site
    finally:
        site.down()


@pytest.fixture
def site(up):
    """Keep one worker running."""
    up.scale("worker", 1)
    [worker] = up.services("worker")
    since = worker.handle.state.started_at
    assert wait_until(lambda: " ready." in worker.handle.logs(since=since))
    return up


@pytest.fixture
def worker_of(up):
    """Return a function that starts one more worker, with its own queue and settings."""
    started = []

    def worker_of(queue, settings, *options):
        options = ["--env", f"DJANGO_SETTINGS_MODULE=core.{settings}", *options]
        name = up.read("run", "--detach", "--no-deps", *options, "worker", *WORKER, queue)
        started.append(Container(up.docker, up.docker.container.inspect(name.strip())))
        return started[-1]

    yield worker_of
    for container in started:
        container.remove()


def test_worker_runs_what_a_view_sends(site):
    """The response arrives while the worker is stopped; the task runs once the worker starts."""
    site.run("stop", "worker")

    assert site.get("/jobs/page/1/later/0/").text == "sent"
    assert site.notes("later") == []
    site.run("start", "worker")
    site.wait_for_note("later-0 ended")


def test_task_sent_in_a_rolled_back_transaction_runs_anyway(site):
    """The view fails after it has sent two tasks, one in each of Celery's two ways."""
    assert site.get("/roll-back/undone/").status_code == 500

    site.wait_for_note("undone delay ended")
    site.get("/jobs/page/1/afterwards/0/")
    site.wait_for_note("afterwards-0 ended")
    assert site.notes("undone delay_on_commit") == []


def test_warm_shutdown_finishes_the_running_tasks(site):
    """SIGTERM arrives while two of three tasks run: both finish; the third waits for a worker."""
    [worker] = site.services("worker")
    site.get("/jobs/page/3/warm/600/")
    assert wait_until(lambda: len(site.notes("warm")) == 2)

    with site.stopping(worker, "Warm shutdown"):
        for number in range(3):
            site.let_go(f"warm-{number}")

    ended = [note for note in site.notes("warm") if "ended" in note]
    assert worker.exit_code == 0
    assert (len(ended), len(site.notes("warm"))) == (2, 4)
    site.run("start", "worker")
    assert wait_until(lambda: len(site.notes("warm")) == 6)


def test_soft_shutdown_needs_a_remapped_sigterm(site, worker_of):
    """Two workers have a timeout of 5 s: one waits for its task, and the other returns it.

    No worker runs whose visibility_timeout, shortened for other tests, returns tasks, too.
    """
    site.run("stop", "worker")
    waits = worker_of("waits", "soft")
    returns = worker_of("returns", "soft", "--env", "REMAP_SIGTERM=SIGQUIT")
    for queue in "waits", "returns":
        site.get(f"/jobs/page/1/{queue}/600/?queue={queue}")
        site.wait_for_note(f"{queue}-0 began")

    waits.kill("SIGTERM")
    waits.wait_for_log("Warm shutdown")
    stopped = returns.stop(grace=PATIENCE)

    queued = site.run("exec", "-T", "broker", "valkey-cli", "llen", "returns").strip()
    assert (waits.running, queued) == (True, "1")
    assert stopped.seconds >= 5
    assert stopped.exit_code == 0
    assert site.notes("returns") == ["returns-0 began"]
    site.let_go("waits-0")
    assert waits.exit_code == 0
    assert site.notes("waits") == ["waits-0 began", "waits-0 ended"]


def test_late_task_runs_again_after_a_kill(site):
    """Killing two workers with three tasks loses the one with Celery's default, but no other."""
    workers = site.scale("worker", 2)
    for kind in ("page", "late", "early"):
        site.get(f"/jobs/{kind}/1/{kind}-cut/600/")
        site.wait_for_note(f"{kind}-cut-0 began")
    for worker in workers:
        worker.kill("SIGKILL")
    assert [worker.exit_code for worker in workers] == [137, 137]
    for kind in ("page", "late", "early"):
        site.let_go(f"{kind}-cut-0")
    site.scale("worker", 1)
    site.run("start", "worker")

    for kind in ("page", "late"):
        site.wait_for_note(f"{kind}-cut-0 ended")
        assert site.notes(f"{kind}-cut").count(f"{kind}-cut-0 began") >= 2
    assert site.notes("early-cut") == ["early-cut-0 began"]


def test_task_of_a_killed_child_runs_again_if_rejected(site):
    """When SIGKILL kills a child, the page's settings rerun its task, but the others do not."""
    [worker] = site.services("worker")
    for kind in ("page", "late", "early"):
        site.get(f"/jobs/{kind}/1/{kind}-killed/-1/")

    site.wait_for_note("page-killed-0 ended")
    assert wait_until(lambda: worker.logs().count("WorkerLostError") >= 3)
    assert site.notes("page-killed").count("page-killed-0 began") == 2
    assert site.notes("late-killed") == ["late-killed-0 began"]
    assert site.notes("early-killed") == ["early-killed-0 began"]


def test_task_beyond_the_visibility_timeout_runs_twice(site):
    """With a limit of 15 s, the first child finishes the task after the other has begun it."""
    site.get("/jobs/page/1/long/600/")

    assert wait_until(lambda: site.notes("long-0").count("long-0 began") >= 2)
    assert "long-0 ended" not in site.notes("long-0")
    site.let_go("long-0")
    assert wait_until(lambda: site.notes("long-0").count("long-0 ended") >= 2)


def test_worker_discards_a_task_that_it_does_not_know(site):
    """The task's name comes from newer code: the log says "discarded", and the queue is empty."""
    [worker] = site.services("worker")
    call = ["celery", "--app", "core", "call", "core.tasks.of_the_next_release"]
    site.run("exec", "-T", "web", *call)

    log = worker.wait_for_log("ignored and discarded")
    assert "Received unregistered task of type 'core.tasks.of_the_next_release'" in log
    assert wait_until(lambda: queued(site) == ["0", "0"])


def test_messages_outlive_the_broker(site):
    """The broker is killed with a task in the queue, and still has the task after a restart."""
    site.run("stop", "worker")
    site.get("/jobs/page/1/kept/0/")
    site.run("kill", "broker")
    site.run("start", "broker")
    site.run("start", "worker")

    site.wait_for_note("kept-0 ended")


def test_worker_has_a_process_for_each_task_and_one_more(site):
    """Both of the worker's child processes are idle."""
    [worker] = site.services("worker")

    init, *others = worker.top()
    assert re.search(background.INIT, init)
    assert len([line for line in others if " worker " in line]) == 3


def test_each_task_opens_its_own_connection(up, worker_of):
    """Two children run five tasks, each with other PostgreSQL processes, which end with the task.

    One database has CONN_MAX_AGE 60, and one has the pool.
    """
    worker_of("connect", "connections")
    up.get("/jobs/connect/5/connect/0/?queue=connect")
    assert wait_until(lambda: len(up.notes("connect")) == 5)

    runs = [json.loads(note.partition(" ")[2]) for note in up.notes("connect")]
    pids = {pid for _, backends in runs for pid in backends.values()}
    assert len({child for child, _ in runs}) <= 2
    assert len(pids) == 5 * 2
    assert wait_until(lambda: not pids & {row["pid"] for row in up.rows(OPEN)})


def test_check_pings_the_worker_of_its_container(site):
    """The worker is healthy although both children are busy; with another name, the check fails."""
    [worker] = site.services("worker")
    site.get("/jobs/page/2/busy/600/")
    assert wait_until(lambda: len(site.notes("busy")) == 2)
    check, _ = CHECKS

    assert "pong" in worker.exec("sh", "-c", check)
    other = edited(check, {"$(hostname)": "of-nobody"})
    assert worker.exec("sh", "-c", f"{other} || echo it fails").endswith("it fails")
    assert wait_until(lambda: worker.handle.state.health.status == "healthy")
    for number in range(2):
        site.let_go(f"busy-{number}")


def test_check_that_kills_restarts_a_hung_worker(site):
    """SIGSTOP keeps the worker from doing anything; later, the broker does not run.

    Both times, the check kills the worker, and Docker restarts it; a healthy worker keeps running.
    """
    [worker] = site.services("worker")
    check, _ = CHECKS
    check = f"{check} || kill -9 -1"
    assert "pong" in worker.exec("sh", "-c", check)
    before = worker.handle.restart_count

    worker.exec("sh", "-c", f"kill -STOP {BEAT}")
    with suppress(DockerException):  # the container stops
        worker.exec("sh", "-c", check)
    assert wait_until(lambda: worker.handle.restart_count == before + 1)
    site.get("/jobs/page/1/revived/0/")
    site.wait_for_note("revived-0 ended")

    site.run("stop", "broker")
    with suppress(DockerException):
        worker.exec("sh", "-c", check)
    assert wait_until(lambda: worker.handle.restart_count > before + 1)
    site.run("start", "broker")


def test_two_beats_send_each_task_twice(site):
    """Both beats send every task that is due, and every message is run as a task.

    Before, the queues are empty: a task of a worker that another test killed would run again.
    """
    site.run("rm", "--stop", "--force", "beat")
    assert wait_until(lambda: queued(site) == ["0", "0"])
    before = len(site.notes("tick"))
    beats = site.scale("beat", 2)
    for beat in beats:
        beat.wait_for_log(DUE, count=2)
    site.run("stop", "beat")

    sent = [beat.logs().count(DUE) for beat in beats]
    assert min(sent) >= 2
    assert wait_until(lambda: len(site.notes("tick")) - before == sum(sent))


def test_check_pings_the_beat_of_its_container(site):
    """Docker finds beat healthy; while SIGSTOP keeps beat from doing anything, the check fails."""
    [beat] = site.scale("beat", 1)
    assert wait_until(lambda: beat.handle.state.health.status == "healthy")
    _, check = CHECKS
    assert "pong" in beat.exec("sh", "-c", check)

    beat.exec("sh", "-c", f"kill -STOP {BEAT}")

    assert beat.exec("sh", "-c", f"{check} || echo it fails").endswith("it fails")
    beat.exec("sh", "-c", f"kill -CONT {BEAT}")


def queued(site):
    """Return how many messages wait in the broker, and how many a worker has not acknowledged."""
    answers = [site.run("exec", "-T", "broker", "valkey-cli", *ask) for ask in WAITING]
    return [answer.strip() for answer in answers]
