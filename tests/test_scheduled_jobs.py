"""The proofs of docs/scheduled-jobs.md."""

import re
import subprocess

import pytest
import yaml

from harness import ENVIRONMENT, PROBES, SCENARIOS, SNIPPETS
from harness.container import wait_until
from harness.texts import edited
from scenarios.kubernetes import JOB
from scenarios.production import BUILD, CHANGES

FOLDER = SNIPPETS / "scheduled-jobs"
ALONE = (FOLDER / "one-at-a-time.alone.py").read_text()
SERVICE = (FOLDER / "nightly.clear-sessions.service").read_text()
TIMER = (FOLDER / "nightly.clear-sessions.timer").read_text()
CRON_JOB = (FOLDER / "nightly.cronjob.yaml").read_text()
WRONG = "scheduled-jobs/wrong-cron-inside.Dockerfile"
MACHINE, VALIDATOR = SCENARIOS / "systemd.Dockerfile", SCENARIOS / "kubernetes.Dockerfile"
SUPPORTED = ["1.35", "1.36", "1.37"]  # https://kubernetes.io/releases/
PROJECT = CHANGES | {"core/management/commands/alone.py": ALONE}
MANAGE = ["run", "--rm", "--no-deps", "-T", "web", "python", "manage.py"]
NOTE = "from core.models import Note; Note.objects.create(text='{}'); import time; time.sleep({})"
EXPIRED = "INSERT INTO django_session VALUES ('{}', '', now() {} interval '1 day')"
SESSIONS = "SELECT session_key FROM django_session"
VALIDATE = "kubernetes-validate --quiet --strict -k {} /manifests/{}.yaml 2>&1 && echo valid; true"
GROUPS = "SELECT name FROM auth_group"
ENOUGH = "INSERT INTO auth_group (name) VALUES ('enough') RETURNING name"
VERIFY = """
install -m 755 /bin/true /usr/bin/docker
mkdir -p /srv/shop /tmp/units && cd /tmp/units
printf %s "$0" > clear-sessions.service
printf %s "$1" > clear-sessions.timer
systemd-analyze verify --man=no ./clear-sessions.timer ./clear-sessions.service && echo valid
"""


@pytest.fixture(scope="module")
def up(with_services):
    """Start the site of docs/compose.md without nginx, with the page's command."""
    site = with_services(PROJECT, [], "")
    try:
        site.up("web")
        yield site
    finally:
        site.down()


def test_timers_command_runs_the_job_and_leaves_no_container(up):
    """The unit's command deletes an expired session, but not another session."""
    for key, sign in {"old": "-", "new": "+"}.items():
        up.write(EXPIRED.format(key, sign))
    [command] = re.findall(r"(?s)ExecStart=(.*?[^\\])\n", SERVICE)

    done = up.shell(edited(command, {"/usr/bin/docker": "docker"}))

    assert done.returncode == 0, done.stdout
    assert [row["session_key"] for row in up.rows(SESSIONS)] == ["new"]
    assert one_offs(up) == []


def test_systemd_accepts_both_units(builder, inside):
    """The check finds nothing wrong, but rejects the timer if its time is misspelled."""
    image = builder.build(MACHINE)

    said = inside(image, "sh", "-c", VERIFY, SERVICE, TIMER)
    refused = inside(image, "sh", "-c", VERIFY, SERVICE, edited(TIMER, {"03:15": "3 am"}))

    assert said.output == "valid\n"
    assert "Failed to parse calendar specification" in refused.output


def test_lock_lets_one_job_run_at_a_time(up):
    """The second container finds that the first one is running, and exits without an error."""
    first = begin(up, "locked", 600)
    second = up.run(*MANAGE, "alone", "shell", "-c", NOTE.format("locked, too", 0))
    other = up.run(*MANAGE, "alone", "clearsessions")
    first.kill("SIGKILL")

    assert "shell is running already" in second
    assert "is running already" not in other
    assert up.notes("locked") == ["locked"]


def test_lock_of_a_killed_job_is_free(up):
    """After the container is killed, the next one runs."""
    begin(up, "killed", 600).kill("SIGKILL")

    assert wait_until(
        lambda: (
            "is running already"
            not in up.run(*MANAGE, "alone", "shell", "-c", NOTE.format("next", 0))
        )
    )
    assert up.notes("next") == ["next"]


def test_lock_does_not_keep_a_job_from_running_again(up):
    """Two jobs run one after the other, as on two machines whose clocks differ."""
    for _ in range(2):
        up.run(*MANAGE, "alone", "shell", "-c", NOTE.format("twice", 0))

    assert up.notes("twice") == ["twice", "twice"]


@pytest.mark.docker_only("BuildKit, which builds the app's image")
def test_page_leads_to_a_job_that_runs_once(walk, startproject):
    """The robot starts a long job twice at the same time, as the timers of two machines do.

    The job adds a group; two containers of `web` are running, and the job's own are removed.
    """
    walk.begin_compose(startproject())
    walk.do("background-tasks/core-as-an-app.settings.py")
    walk.add("core/management/commands/report.py", (PROBES / "report.py").read_text())
    walk.follow("scheduled-jobs", without=["scheduled-jobs/nightly.cronjob.yaml"])
    walk.run("scheduled-jobs", BUILD)
    site = walk.stack
    site.run("up", "--detach", "--no-deps", "--no-recreate", "--scale", "web=2", "web")
    [unit] = re.findall(r"(?s)ExecStart=(.*?[^\\])\n", walk.read("clear-sessions.service"))
    job = edited(unit, {"/usr/bin/docker": "docker", "clearsessions": "report"})

    with site.shell(job, start=subprocess.Popen) as first:
        assert wait_until(lambda: walk.rows(GROUPS)), site.run("logs")
        second = site.shell(job)
        walk.rows(ENOUGH)
        said, _ = first.communicate()

    assert (first.returncode, second.returncode) == (0, 0), said + second.stdout
    assert "report is running already" in second.stdout
    assert len(site.services("web")) == 2
    assert sorted(walk.rows(GROUPS)) == ["a report", "enough"]
    assert one_offs(site) == []


def test_cron_in_a_container_lacks_path_and_environment(build, run):
    """The wrong file's job does not find Python; with a path, Django finds no SECRET_KEY."""
    [line] = re.findall(r"echo '(.+)' > /etc/cron.d/shop", (SNIPPETS / WRONG).read_text())
    now = edited(line, {"15 3 * * *": "@reboot", "sessions": "sessions > /proc/1/fd/1 2>&1"})
    with_path = edited(now, {" python ": " /usr/local/bin/python "})
    start = "printenv SECRET_KEY && echo '{}' > /etc/cron.d/shop && exec cron -f"

    as_written = edited(line, {"15 3 * * *": "@reboot", "sessions": "sessions; touch /tmp/done"})

    silent = run(build(WRONG), "sh", "-c", start.format(as_written), ready="")
    first = run(build(WRONG), "sh", "-c", start.format(now), ready="")
    second = run(build(WRONG), "sh", "-c", start.format(with_path), ready="")

    first.wait_for_log("python: not found")
    second.wait_for_log("KeyError: 'SECRET_KEY'")
    assert wait_until(lambda: "done" in silent.exec("ls", "/tmp"))
    assert silent.logs().strip() == ENVIRONMENT["SECRET_KEY"]


def test_environment_for_cron_is_readable_by_every_user(build, run):
    """With a full path, the job finds the key; user 10001 can read it, but not write the file."""
    [line] = re.findall(r"echo '(.+)' > /etc/cron.d/shop", (SNIPPETS / WRONG).read_text())
    job = edited(line, {"15 3 * * *": "@reboot", "clearsessions": "check > /proc/1/fd/1 2>&1"})
    job += edited(job, {"@reboot root cd /app && python": "; /usr/local/bin/python"})
    start = f"printenv > /etc/environment && echo '{job}' > /etc/cron.d/shop && exec cron -f"

    container = run(build(WRONG), "sh", "-c", start, ready="System check identified no issues")
    shown, refused = (
        container.handle.execute(["sh", "-c", command], user="10001")
        for command in ("cat /etc/environment", "(printenv > /etc/environment) 2>&1 || true")
    )

    assert "python: not found" in container.logs()
    assert f"SECRET_KEY={ENVIRONMENT['SECRET_KEY']}" in shown.splitlines()
    assert "Permission denied" in refused


def test_cron_job_fits_the_schemas(builder, run_once):
    """The manifest is valid in each version; a misspelled key is rejected."""
    broken = edited(CRON_JOB, {"concurrencyPolicy:": "misspelled:"})
    manifests = {"manifests/good.yaml": CRON_JOB, "manifests/broken.yaml": broken}
    container = run_once(builder.build(VALIDATOR, changes=manifests), "sleep", "600", ready="")

    said = [container.exec("sh", "-c", VALIDATE.format(v, "good")) for v in SUPPORTED]
    refused = container.exec("sh", "-c", VALIDATE.format(SUPPORTED[-1], "broken"))

    assert said == ["valid"] * 3
    assert "misspelled" in refused


def test_pod_of_the_cron_job_is_that_of_the_migration():
    """Except for names and commands, both have the same keys and values."""
    pods = [yaml.safe_load(JOB)["spec"], yaml.safe_load(CRON_JOB)["spec"]["jobTemplate"]["spec"]]
    specs = [pod["template"]["spec"] for pod in pods]
    commands = [spec["containers"][0].pop("command") for spec in specs]
    for spec in specs:
        del spec["containers"][0]["name"]

    assert specs[0] == specs[1]
    assert commands[1] == ["python", "manage.py", "clearsessions"]


def begin(site, text, seconds):
    """Start a job of this duration, and return its container once it is running."""
    options = ["--detach", *MANAGE[1:]]
    site.run("run", *options, "alone", "shell", "-c", NOTE.format(text, seconds))
    site.wait_for_note(text)
    [job] = one_offs(site)
    return job


def one_offs(site):
    """Return the containers that `docker compose run` has left behind or is still running."""
    filters = [("label", f"com.docker.compose.project={site.project}")]
    filters += [("label", "com.docker.compose.oneoff=True")]
    return site.docker.container.list(all=True, filters=filters)
