"""The proofs of docs/systemd.md."""

import json
import re
import time

import httpx
import pytest

from harness import SNIPPETS
from harness.container import PATIENCE, TLS
from harness.load import Load
from harness.texts import edited
from scenarios import forms
from scenarios.systemd import (
    ALONE,
    ASK,
    BOOTED,
    HOST,
    JOURNAL,
    MACHINE,
    MARK,
    PLAIN,
    PORT,
    PRIVILEGED,
    SERVICE,
    START,
    TEXTS,
    UNITS,
    Machine,
)
from scenarios.walk import follow_on

CONF = "/etc/nginx/conf.d/shop.conf"
# The sentences between the page's blocks.
SAID = ["chmod 600 /etc/shop.env", "systemctl daemon-reload && systemctl restart shop"]
SAID += ["chmod +x manage.sh && ./manage.sh migrate"]
FORM = "Content-Type: application/x-www-form-urlencoded"
NGINX = (SNIPPETS / "systemd/https.shop.conf").read_text()
BROKEN = "raise RuntimeError('broken')\n"
WHAT_IT_SEES = """#!/bin/sh
echo "own: $(touch /var/lib/shop/x 2>&1)"
echo "code: $(touch /srv/shop/core/x 2>&1)"
echo "environment: $(cat /etc/shop.env 2>&1)"
echo "home: $(ls /home 2>&1)"
echo "others: $(cat /proc/1/comm 2>&1)"
echo "devices: $(ls /dev/kmsg 2>&1)"
"""
HIDDEN = ["home", "others", "devices"]
WRAPPER = "/usr/local/bin/wrapper"
WRAPPED = {"ExecStart=": f"TimeoutStartSec=3\nExecStart=/bin/sh {WRAPPER} "}
PROBED = "ExecStart=\nExecStart=/bin/sh /usr/local/bin/probe"  # instead of Gunicorn
PROBING = {
    "/usr/local/bin/probe": WHAT_IT_SEES,
    f"{UNITS}/shop.service.d/probe.conf": f"[Service]\nType=oneshot\n{PROBED}\n",
}


@pytest.fixture
def shop(machine):
    """Return the machine with the page's service, including its sandbox, and an extra port."""
    machine.start(PORT)
    return machine


def test_systemd_analyze_finds_nothing(machine):
    """The check prints nothing for the page's files, and an error for a faulty unit."""
    machine.install()
    found = machine.sh("systemd-analyze verify shop.service shop.socket")
    machine.install({SERVICE: edited(TEXTS[SERVICE], {"Type=notify": "Type=notifies"})})

    assert found == ""
    assert "notifies" in machine.sh("systemd-analyze verify shop.service")


def test_units_start_the_app(machine, replay):
    """After the page's two transcripts, nginx's user gets Django's home page."""
    machine.install()
    inside = f"docker exec {machine.handle.id}"

    replay("systemd/start.console", systemctl=f"{inside} systemctl")
    machine.wait_for_workers()
    status, text = machine.ask("/")

    assert status == 200
    assert "Hello from Django" in text
    replay("systemd/log.console", journalctl=f"{inside} journalctl --no-pager")


def test_systemd_page_leads_to_the_admin_over_https(walk, startproject, build, docker, running):
    """The robot saves each file under its caption, and runs every command, in the page's order."""
    walk.begin(startproject())
    walk.follow("settings")
    with running(build(MACHINE, project=walk.folder), **PRIVILEGED) as container:
        machine = Machine(docker, container.handle)
        assert machine.sh(BOOTED) in {"running", "degraded"}
        follow_on(machine, "systemd")
        for command in SAID:
            machine.exec("sh", "-ec", command)

        status, text = forms.posted_by_nginx(machine, machine.exec("cat", CONF))
        sheet = forms.stylesheet_of_nginx(machine, forms.LOGIN, forms.STYLES)

    assert status == "200"
    assert forms.PASSED in text
    assert sheet == "200 text/css"


def test_socket_is_for_the_proxy_alone(machine):
    """The proxy's user gets a response; another user cannot connect."""
    machine.start()

    stranger = machine.sh('runuser -u nobody -- python -c "$@"', ASK, "GET", "/", "")

    assert machine.ask("/health/") == (200, "ok")
    assert "Permission denied" in stranger


def test_form_passes_through_nginx_and_the_socket(machine):
    """Over HTTPS, the form passes the admin's CSRF check; without the scheme's header, it fails."""
    machine.start()
    machine.sh("manage migrate")
    forged = edited(NGINX, {"X-Forwarded-Proto $scheme;": 'X-Forwarded-Proto "";'})

    passed, refused = (forms.posted_by_nginx(machine, conf) for conf in (NGINX, forged))

    assert passed[0] == "200"
    assert forms.PASSED in passed[1]
    assert refused[0] == "403"


def test_nginx_serves_the_static_files(machine):
    """The stylesheet that Django's page links to comes from the directory of `collectstatic`."""
    machine.start()
    machine.sh(forms.NGINX, NGINX)

    assert forms.stylesheet_of_nginx(machine) == "200 text/css"


def test_environment_file_is_for_root_alone(machine):
    """The app gets its key from the file, but its user cannot read the file."""
    machine.start()

    assert "SECRET_KEY" in machine.sh("cat /etc/shop.env")
    assert machine.ask("/health/") == (200, "ok")
    assert "Permission denied" in probe(machine)["environment"]


def test_start_ends_before_the_app_is_loaded(machine):
    """With a broken wsgi.py, `systemctl start` succeeds, and systemd restarts Gunicorn."""
    machine.install()
    machine.sh('printf %s "$1" > core/wsgi.py', BROKEN)

    started = machine.sh(f"{START} && echo well")

    assert started == "well"
    machine.wait_for('test "$(systemctl show shop --value --property NRestarts)" != 0')
    assert "RuntimeError: broken" in machine.journal()


def test_preload_fails_the_start(machine):
    """With the same wsgi.py and --preload, `systemctl start` fails."""
    machine.install({SERVICE: edited(TEXTS[SERVICE], {"core.wsgi": "core.wsgi --preload"})})
    machine.sh('printf %s "$1" > core/wsgi.py', BROKEN)

    assert "failed" in machine.sh(f"{START} && echo well")


def test_systemctl_reload_loses_no_request(shop):
    """Clients keep sending requests while the workers are replaced twice under the same master."""
    master = shop.show("MainPID")
    with Load(f"{shop.address}/sleep/0.02/", clients=4, pause=0.01, **HOST) as load:
        for _ in range(2):
            reload(shop)
            load.wait()

    assert load.lost == 0
    assert shop.show("MainPID") == master


def test_systemctl_kill_loses_the_request_under_way(shop):
    """`systemctl reload` lets a request finish; HUP to every process of the service does not."""
    reloaded = shop.begin_get("/sleep/6/")
    shop.sh("systemctl reload shop")
    assert reloaded.result().text == "slept"
    shop.wait_for_workers()

    killed = shop.begin_get("/sleep/10/")
    shop.sh("systemctl kill --signal HUP shop")

    with pytest.raises(httpx.TransportError):
        killed.result()


def test_notify_reload_waits_in_vain(shop):
    """With Type=notify, `systemctl reload` returns immediately; with notify-reload, it hangs."""
    in_time = "timeout 5 systemctl reload shop && echo done"

    assert shop.sh(in_time) == "done"
    shop.start({SERVICE: edited(TEXTS[SERVICE], {"Type=notify": "Type=notify-reload"})})
    shop.sh("systemctl restart shop")
    assert shop.sh(in_time) == ""


def test_script_without_exec_lets_the_start_time_out(machine):
    """Gunicorn is then a child of the main process; a script with `exec` becomes Gunicorn."""
    service = {SERVICE: edited(TEXTS[SERVICE], WRAPPED)}
    machine.install(service, {WRAPPER: '"$@"\ntrue\n'})

    assert "failed" in machine.sh(f"{START} && echo well")
    assert "start operation timed out" in machine.journal()
    machine.sh("systemctl stop shop.socket shop.service; systemctl reset-failed")
    machine.start(service, {WRAPPER: 'exec "$@"\n'})


def test_restart_with_the_socket_loses_no_request(shop):
    """A client that connects while no service runs waits in the socket, and gets a response."""
    master = shop.show("MainPID")
    with Load(f"{shop.address}/sleep/0.02/", clients=4, pause=0.01, **HOST) as load:
        shop.sh("systemctl restart shop")

    assert load.lost == 0
    assert shop.show("MainPID") != master


def test_restart_without_a_socket_refuses_requests(machine):
    """The same test, with a Gunicorn that binds the port itself."""
    machine.start(ALONE, start="systemctl start shop.service")
    with Load(f"{machine.address}/health/", **HOST) as load:
        machine.sh("systemctl restart shop")

    assert load.lost > 0


def test_killed_master_is_started_again(shop):
    """The request in progress is lost; requests sent a second later wait for the new master."""
    response = shop.begin_get("/sleep/20/")

    with Load(f"{shop.address}/sleep/0.02/", clients=4, pause=0.01, **HOST) as load:
        shop.sh("systemctl kill --kill-whom main --signal KILL shop")
        killed = time.monotonic()

    with pytest.raises(httpx.TransportError):
        response.result()
    assert {answer for start, answer in load.begun if start > killed + 1} == {200}
    assert shop.show("NRestarts") == "1"


def test_stop_waits_for_slow_requests(shop):
    """A stop waits for a request of 8 s; the five seconds of Gunicorn's guide cut a request."""
    waited = shop.begin_get("/sleep/8/")
    shop.sh("systemctl stop shop.socket shop.service")
    assert waited.result().text == "slept"

    brief = {SERVICE: re.sub("TimeoutStopSec=.*", "TimeoutStopSec=5", TEXTS[SERVICE])}
    shop.start(PORT, brief)
    cut = shop.begin_get("/sleep/20/")
    shop.sh("systemctl stop shop.socket shop.service")

    with pytest.raises(httpx.TransportError):
        cut.result()


def test_next_request_starts_a_stopped_service(shop):
    """The next request starts the service, unless its socket is stopped too."""
    shop.sh("systemctl stop shop.service")
    assert shop.show("ActiveState") == "inactive"

    assert shop.get("/health/", **HOST).text == "ok"
    shop.sh("systemctl stop shop.socket shop.service")
    with pytest.raises(httpx.TransportError):
        shop.get("/health/", **HOST)


def test_manage_runs_as_the_service_does(shop):
    """The page's script migrates the service's database, which then stores a note."""
    before, _ = shop.ask("/notes/")

    migrated = shop.sh("manage migrate")

    assert "Applying core.0001_initial... OK" in migrated
    assert before == 500
    assert shop.ask("/notes/", FORM, method="POST", body="text=kept")[0] == 200
    assert "Unknown command" in shop.sh("manage nothing && echo no failure")


def test_sandboxed_service_serves_the_app(shop):
    """A page, a row and a large upload succeed, and the log has no error."""
    shop.sh("manage migrate")
    upload = {"data": {"text": "kept"}, "files": {"file": b"x" * 3_000_000}}

    posted = httpx.post(f"{shop.address}/notes/", verify=TLS, timeout=PATIENCE, **HOST, **upload)

    assert shop.ask("/")[0] == 200
    assert posted.json()["notes"][0]["text"] == "kept"
    assert not re.search("ERROR|CRITICAL|Traceback", shop.journal())


def test_service_writes_to_its_own_folder_alone(machine):
    """Even without the sandbox, DynamicUser makes the rest of the file system read-only."""
    probed = probe(machine, PLAIN)

    assert probed["own"] == ""
    assert "Read-only file system" in probed["code"]


def test_sandbox_hides_the_machine(machine):
    """Home directories, other processes and devices are visible without hardening.conf only."""
    plain, sandboxed = probe(machine, PLAIN), probe(machine)

    assert [plain[name] for name in HIDDEN] == ["", "systemd", "/dev/kmsg"]
    for name in HIDDEN:
        assert re.search("Permission denied|No such file", sandboxed[name])


def test_sandbox_lowers_the_exposure(machine):
    """By systemd's own score, exposure is less than half that of shop.service alone."""
    machine.install(PLAIN)
    plain = machine.exposure()
    machine.install()

    assert machine.exposure() < plain / 2


def test_user_that_exists_is_taken(machine):
    """The worker runs as an existing user `shop`; without one, systemd allocates a user ID."""
    machine.start()
    made_up = json.loads(machine.ask("/whoami/")[1])["uid"]
    machine.sh("systemctl stop shop.socket shop.service; useradd --uid 10042 shop")
    machine.start()

    assert 61184 <= made_up <= 65519
    assert json.loads(machine.ask("/whoami/")[1])["uid"] == 10042


def reload(machine):
    """Reload, and wait until both workers have been replaced."""
    gone = machine.journal().count("Worker exiting")
    machine.sh("systemctl reload shop")
    machine.wait_for(f'test "$({JOURNAL} | grep --count "Worker exiting")" = {gone + 2}')


def probe(machine, *texts):
    """Return the output of each line of WHAT_IT_SEES, run in Gunicorn's place."""
    machine.install(PROBING, *texts)
    machine.sh(f"{MARK} systemctl restart shop.service")
    return dict(re.findall(r"(?m)^(\w+): ?(.*)$", machine.journal()))
