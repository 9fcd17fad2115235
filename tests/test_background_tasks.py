"""The proofs of docs/background-tasks.md."""

import re
import time

import pytest

from harness.container import PATIENCE, wait_until
from harness.load import Load
from harness.texts import edited
from scenarios import background
from scenarios.health_checks import CHECKED
from scenarios.health_checks import FILES as CHECK
from scenarios.production import BUILD, HOST, UPDATE

COMMANDS = "core/management/commands"
PAGE = [("core/tasks.py", "background-tasks/mail.tasks.py")]
PAGE += [(f"{COMMANDS}/requeue_lost.py", "background-tasks/after-a-kill.requeue_lost.py")]
PAGE += [(f"{COMMANDS}/check_tasks.py", "background-tasks/own-check.check_tasks.py")]
OLDER = "UPDATE django_tasks_database_dbtaskresult SET enqueued_at = now() - interval '6 minutes'"
PROJECT = background.changes("jobs", *PAGE)
MANAGE = ["run", "--rm", "-T", "--no-deps", "worker", "python", "manage.py"]
FINISHED = """
UPDATE django_tasks_database_dbtaskresult SET finished_at = now() - interval '{} days'
WHERE args_kwargs::text LIKE '%{}%'
"""
TASKS = "SELECT * FROM django_tasks_database_dbtaskresult WHERE args_kwargs::text LIKE '%{}%'"
NEWER = """
from django.tasks import task
@task
def of_the_next_release(text):
    pass
"""
ENQUEUE = "from core.newer import of_the_next_release as task; task.enqueue('of-newer-code')"
STOPS = "shutting down gracefully"
STARTED = "Starting worker"
STEPS = ["docker compose build", "docker compose run --rm migrate"]
TO_NEW_WORKER = "docker compose up --detach --no-deps worker"
STEPS += [TO_NEW_WORKER, UPDATE]
REQUEUE = "docker compose run --rm worker python manage.py requeue_lost"
STARTS_SLOWLY = "import time\nprint('Python starts', flush=True)\ntime.sleep(600)\n"
RUNS = "SELECT split_part(name, ' ', 1) FROM auth_group"
OF_TASKS = "FROM django_tasks_database_dbtaskresult"
STATUSES = f"SELECT DISTINCT status {OF_TASKS}"
HOUR_LATER = """
UPDATE django_tasks_database_dbtaskresult SET started_at = started_at - interval '1 hour'
WHERE status = 'RUNNING'
"""


@pytest.mark.docker_only("BuildKit, which builds both images of the Compose file")
def test_page_adds_a_worker_that_loses_no_task(walk, startproject):
    """A client enqueues tasks during the page's update: each task runs once, and succeeds.

    If the stop interrupts the start of a task, the task runs after `requeue_lost`.
    """
    walk.begin_compose(startproject())
    walk.add("requirements.txt", background.PINS)
    walk.follow("background-tasks")
    walk.add_views("groups")
    walk.run("background-tasks", BUILD)
    nginx, [before] = walk.stack.service("nginx"), walk.stack.services("worker")

    walk.add("core/release.py", "NAME = 'next'\n")
    url = f"{nginx.address}/groups/"
    with Load(url, clients=1, pause=0.2, methods=["POST"], **HOST) as load:
        for command in STEPS:
            walk.run("background-tasks", command)
    assert wait_until(lambda: "READY" not in walk.rows(STATUSES))
    workers = set(walk.rows(f"SELECT worker_ids {OF_TASKS}"))
    walk.run("background-tasks", "docker compose stop worker")
    walk.rows(HOUR_LATER)
    walk.run("background-tasks", f"{REQUEUE} --minutes 60")
    walk.run("background-tasks", TO_NEW_WORKER)

    assert wait_until(lambda: set(walk.rows(STATUSES)) == {"SUCCESSFUL"}), walk.rows(STATUSES)
    runs, [after] = walk.rows(RUNS), walk.stack.services("worker")
    assert load.answers.keys() == {200}
    assert len(runs) == len(set(runs)) == load.answers[200]
    assert len(workers) == 2
    assert after.handle.id != before.handle.id
    assert wait_until(lambda: after.handle.state.health.status == "healthy")


@pytest.fixture(scope="module")
def up(with_services):
    """Start the site without nginx, with the page's worker and its command."""
    services = {"web": {"volumes": ["./newer.py:/app/core/newer.py:ro"]}}
    site = with_services(PROJECT, ["worker"], background.WORKER, services)
    (site.folder / "newer.py").write_text(NEWER)
    try:
        site.up("web", "worker")
        yield site
    finally:
        site.down()


@pytest.fixture
def site(up):
    """Keep one worker running."""
    up.scale("worker", 1)
    return up


def test_worker_runs_what_a_view_enqueues(site):
    """The response arrives while the worker is stopped; the task runs once the worker starts."""
    site.run("stop", "worker")

    assert site.get("/jobs/1/later/0/").text == "enqueued"
    assert site.notes("later") == []
    site.run("start", "worker")
    site.wait_for_note("later-0 ended")
    assert statuses(site, "later-0") == ["SUCCESSFUL"]


def test_django_alone_runs_a_task_in_the_request(build, run):
    """The response arrives after two seconds, and says that the task has run."""
    image = build(CHECKED, files=CHECK, changes=PROJECT)
    env = {"DJANGO_SETTINGS_MODULE": "without", "PYTHONPATH": "/tmp"}
    script = "echo 'from core.settings import *; del TASKS' > /tmp/without.py"
    serve = "exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
    alone = run(image, "sh", "-c", f"{script}; {serve}", env=env)

    response = alone.get("/nap/2/")

    assert response.json() == {"status": "SUCCESSFUL"}
    assert response.elapsed.total_seconds() >= 2


def test_rolled_back_request_leaves_no_task(site):
    """The view fails after it enqueues a task in its transaction."""
    assert site.get("/roll-back/undone/").status_code == 500

    assert statuses(site, "undone") == []


def test_worker_finishes_its_task_before_it_stops(site):
    """SIGTERM arrives during the first of two tasks: that task finishes, and the second waits."""
    [worker] = site.services("worker")
    site.get("/jobs/2/finished/600/")
    site.wait_for_note("finished-0 began")

    with site.stopping(worker, STOPS):
        site.let_go("finished-0")

    assert site.notes("finished") == ["finished-0 began", "finished-0 ended"]
    assert worker.exit_code == 0
    assert statuses(site, "finished-0", "finished-1") == ["SUCCESSFUL", "READY"]
    site.let_go("finished-1")


def test_worker_runs_one_task_at_a_time(site):
    """While the first of two tasks runs, the second waits for longer than the worker's pauses."""
    [worker] = site.services("worker")
    site.get("/jobs/2/single/600/")
    site.wait_for_note("single-0 began")
    time.sleep(3)
    seen, processes = statuses(site, "single-0", "single-1"), worker.top()
    for name in "single-0", "single-1":
        site.let_go(name)

    assert seen == ["RUNNING", "READY"]
    init, python = processes
    assert re.search(background.INIT, init)
    assert "db_worker" in python


def test_starting_worker_ignores_a_stop_without_init(build, run, site, tmp_path):
    """SIGTERM arrives while Python starts: with `init`, the worker exits; as PID 1, it does not."""
    image = build(CHECKED, files=CHECK, changes=PROJECT)
    (tmp_path / "sitecustomize.py").write_text(STARTS_SLOWLY)
    tmp_path.chmod(0o755)
    options = {"env": {"PYTHONPATH": "/slow"}, "volumes": [(tmp_path, "/slow", "ro")]}
    worker = ["python", "manage.py", "db_worker"]

    with_init, alone = (
        run(image, *worker, ready="Python starts", init=init, **options) for init in (True, False)
    )
    assert with_init.stop(grace=PATIENCE).exit_code == 143
    assert alone.stop(grace=2).exit_code == 137
    assert re.search(background.INIT, site.services("worker")[0].top()[0])


def test_killed_task_is_not_started_again(site):
    """The grace period ends before the task; the next worker runs later tasks, but not this one."""
    kill_in_the_middle_of(site, "killed")
    site.run("start", "worker")
    site.get("/jobs/1/afterwards/0/")
    site.wait_for_note("afterwards-0 ended")

    assert site.notes("killed") == ["killed-0 began"]
    assert statuses(site, "killed-0") == ["RUNNING"]
    site.let_go("killed-0")


def test_command_lets_a_killed_task_run_again(site):
    """The task becomes ready to run, unless it began within the given number of minutes."""
    kill_in_the_middle_of(site, "again")
    command = [*MANAGE, "requeue_lost", "--minutes"]

    too_early = site.run(*command, "60")
    said = site.run(*command, "0")
    site.run("start", "worker")
    assert wait_until(lambda: len(site.notes("again")) == 2)
    site.let_go("again-0")
    site.wait_for_note("again-0 ended")

    assert "0 ready again" in too_early
    assert "0 ready again" not in said
    assert "ready again" in said
    assert site.notes("again") == ["again-0 began", "again-0 began", "again-0 ended"]


def test_inherited_check_makes_a_worker_unhealthy(build, run):
    """The inherited check connects to Gunicorn's port, so it fails although the worker runs."""
    image = build(CHECKED, files=CHECK, changes=PROJECT)
    start = "python manage.py migrate && exec python manage.py db_worker"
    soon = {"health_interval": 1, "health_start_period": 1, "health_retries": 2}
    env = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
    inherited = run(image, "sh", "-c", start, env=env, ready=STARTED, **soon)

    assert wait_until(lambda: inherited.handle.state.health.status == "unhealthy")
    check = inherited.exec("sh", "-c", "python healthcheck.py 2>&1 || true")
    assert "Connection refused" in check
    assert inherited.running


@pytest.mark.docker_only("docker compose up --wait")
def test_disabled_check_fails_up_with_wait(site):
    """The worker runs, but Compose reports that it cannot wait for it, and exits with code 1."""
    file = site.folder / "compose.yaml"
    text = file.read_text()
    before, rest = background.WORKER.split("    healthcheck:\n")
    assert rest.count(": ") == rest.count("\n")
    disabled = f"{before}    healthcheck: {{disable: true}}\n"
    try:
        file.write_text(edited(text, {background.WORKER: disabled}))
        said = site.run("up", "--wait", "--no-build", "--no-deps", "worker", check=False)
        assert "has no healthcheck configured" in said
        assert site.services("worker")[0].running
    finally:
        file.write_text(text)
        site.run("up", "--detach", "--no-build", "--no-deps", "worker")


def test_own_check_finds_a_task_that_waits(site):
    """A task waits for six minutes until a worker runs it; before that, the worker was healthy."""
    check = [*MANAGE, "check_tasks"]
    [worker] = site.services("worker")
    assert wait_until(lambda: worker.handle.state.health.status == "healthy")
    site.run("stop", "worker")
    site.get("/jobs/1/waiting/0/")

    fresh = site.run(*check)
    site.write(OLDER)
    late = site.run(*check, check=False)
    site.run("start", "worker")
    site.wait_for_note("waiting-0 ended")

    assert "has waited" not in fresh
    assert "a task has waited for more than 0:05:00" in late
    assert "has waited" not in site.run(*check)


def test_two_workers_share_the_tasks_without_a_repeat(site):
    """Twenty tasks wait before both workers start: each begins once, and both workers run some."""
    site.run("stop", "worker")
    site.get("/jobs/20/shared/1/")
    site.scale("worker", 2)
    site.run("start", "worker")

    assert wait_until(lambda: statuses(site, "shared-") == ["SUCCESSFUL"] * 20)
    notes = site.notes("shared")
    workers = {row["worker_ids"][0] for row in tasks(site, "shared-")}
    assert sorted(notes) == sorted(
        f"shared-{number} {what}" for number in range(20) for what in ("began", "ended")
    )
    assert len(workers) == 2


def test_log_shows_each_task_and_the_traceback_of_a_failed_one(site):
    """The page's task cannot send its mail, because no mail server listens."""
    [worker] = site.services("worker")
    site.get("/jobs/1/logged/0/")
    site.get("/welcome/her@example.com/")

    log = worker.wait_for_log("path=core.tasks.send_welcome state=FAILED")
    assert "path=core.jobs.work state=RUNNING" in log
    assert "path=core.jobs.work state=SUCCESSFUL" in log
    assert "ConnectionRefusedError" in worker.wait_for_log("ConnectionRefusedError")
    assert statuses(site, "her@example.com") == ["FAILED"]


def test_task_that_the_workers_code_lacks_fails(site):
    """Only `web` has the task's module: the worker marks the task as failed, and keeps running."""
    [worker] = site.services("worker")
    site.run("exec", "-T", "web", "python", "manage.py", "shell", "-c", ENQUEUE)

    assert wait_until(lambda: statuses(site, "of-newer-code") == ["FAILED"])
    assert "No module named 'core.newer'" in worker.wait_for_log("No module named")
    assert worker.running


def test_worker_comes_back_after_the_database(site):
    """The worker exits when its connection breaks; Docker restarts it, and it runs a task."""
    [worker] = site.services("worker")
    before = worker.logs().count(STARTED)
    site.run("stop", "db")
    worker.wait_for_log("OperationalError")
    site.run("start", "db")
    assert wait_until(lambda: site.get("/jobs/1/restarted/0/").status_code == 200)

    site.wait_for_note("restarted-0 ended")
    assert worker.logs().count(STARTED) > before


def test_new_worker_starts_after_the_old_ones_task(site, build):
    """After a new build, the command waits for the task; the new container runs the next one."""
    [old] = site.services("worker")
    site.get("/jobs/2/released/600/")
    site.wait_for_note("released-0 began")
    next_release = PROJECT | {"core/release.py": '"""The next release."""\n'}
    site.docker.tag(build(CHECKED, files=CHECK, changes=next_release), site.own)

    with site.stopping(old, STOPS, "up", "--detach", "--no-deps", "worker"):
        site.let_go("released-0")

    assert site.notes("released-0") == ["released-0 began", "released-0 ended"]
    site.let_go("released-1")
    site.wait_for_note("released-1 ended")
    [new] = site.services("worker")
    assert new.handle.id != old.handle.id
    assert "release.py" in new.exec("ls", "core")


def test_worker_exits_after_its_last_task(site):
    """Two tasks wait; a worker started for a single task runs one of them, and exits."""
    site.run("stop", "worker")
    site.get("/jobs/2/last/0/")

    said = site.run(*MANAGE, "db_worker", "--max-tasks", "1")

    assert "Run maximum tasks (1)" in said
    assert statuses(site, "last-0", "last-1") == ["SUCCESSFUL", "READY"]


def test_prune_deletes_finished_tasks(site):
    """One task finished 15 days ago and another one 13 days ago: only the second stays."""
    site.get("/jobs/2/pruned/0/")
    names = ["pruned-0", "pruned-1"]
    assert wait_until(lambda: statuses(site, *names) == ["SUCCESSFUL"] * 2)
    for name, days in zip(names, [15, 13], strict=True):
        site.write(FINISHED.format(days, name))

    site.run(*MANAGE, "prune_db_task_results")

    assert [statuses(site, name) for name in names] == [[], ["SUCCESSFUL"]]


def kill_in_the_middle_of(site, text):
    """Stop the worker during a task, with a grace period that is too short."""
    [worker] = site.services("worker")
    site.get(f"/jobs/1/{text}/600/")
    site.wait_for_note(f"{text}-0 began")
    site.run("stop", "--timeout", "1", "worker")
    assert worker.exit_code == 137


def tasks(site, text):
    """Return the rows of the tasks that have this argument, in order."""
    return site.rows(f"{TASKS.format(text)} ORDER BY enqueued_at")


def statuses(site, *texts):
    """Return the statuses of the tasks that have these arguments."""
    return [row["status"] for text in texts for row in tasks(site, text)]
