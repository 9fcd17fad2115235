"""The proofs of docs/dockerfile.md."""

import re
import shutil
import subprocess

import pytest
from python_on_whales.exceptions import DockerException

from harness import PROJECT, SNIPPETS
from harness.container import Container
from harness.texts import edited
from scenarios.layers import layers, packages_of

APP = "dockerfile/app.Dockerfile"
PO = "core/locale/de/LC_MESSAGES/django.po"


@pytest.fixture
def container(build, run_once):
    """Run the image as the page tells, once for all that look at it."""
    return run_once(build(APP))


def test_container_answers(container):
    """The published port serves Django's home page."""
    response = container.get("/")

    assert response.status_code == 200
    assert "Hello from Django" in response.text


def test_commands_build_and_run_it(builder, docker, replay, tmp_path):
    """The page's two commands, typed in a folder that has the page's two files."""
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    shutil.copy(SNIPPETS / APP, tmp_path / "Dockerfile")
    shutil.copy(SNIPPETS / f"{APP}.dockerignore", tmp_path / "Dockerfile.dockerignore")
    tag = builder.tag("typed-by-hand")
    builder.have_bases(SNIPPETS / APP)

    replay("dockerfile/build.console", cwd=tmp_path, web=tag)
    started = replay("dockerfile/run.console", web=tag).strip()
    container = Container(docker, docker.container.inspect(started))

    container.wait_for_log("Booting worker")
    assert container.get("/").status_code == 200


def test_workers_run_without_root(container):
    """The user id of a worker is not root's, and it cannot write to its own code."""
    assert container.get("/whoami/").json()["uid"] != 0
    assert container.exec("sh", "-c", "test -w core/wsgi.py || echo read-only") == "read-only"


def test_user_has_a_name(container):
    """Python asks the system, which knows no name of a number alone."""
    assert container.exec("python", "-c", "import getpass; print(getpass.getuser())") == "runner"


def test_translations_are_compiled(container):
    """A German browser is answered in German."""
    response = container.get("/", headers={"Accept-Language": "de"})

    assert "Hallo von Django" in response.text


def test_links_to_static_files_are_hashed(container):
    """The page links to a hashed name, though the image has no file of that name."""
    link = re.search(r"/static/core/site\.[0-9a-f]{12}\.css", container.get("/").text)

    assert link
    assert container.exec("find", "staticfiles", "-type", "f") == "staticfiles/staticfiles.json"


def test_environment_variable_makes_two_workers(container):
    """WEB_CONCURRENCY=2 and --threads 2 are in the file: two processes, two threads each."""
    container.wait_for_log("Booting worker", count=2)

    seen = threads_by_process(container)

    assert len(container.top()) == 3  # the master, too
    assert sorted(len(threads) for threads in seen.values()) == [2, 2]


def test_log_has_no_error(build, run):
    """Nothing of level ERROR or worse is logged at start, while serving, and at stop."""
    container = run(build(APP))
    container.get("/")
    container.stop()

    log = container.logs()
    assert "GET / HTTP/1.1" in log
    assert "Shutting down: Master" in log
    assert not re.search("ERROR|CRITICAL|Traceback", log)


def test_secret_of_the_build_is_not_kept(build, docker):
    """The key that the build made up is in neither the environment nor the history."""
    image = docker.image.inspect(build(APP))

    assert not any(line.startswith("SECRET_KEY") for line in image.config.env)
    history = [*docker.client_config.docker_cmd, "history", "--no-trunc", image.id]
    assert "not-kept" not in subprocess.check_output(history, text=True)


def test_change_of_code_moves_one_layer(build, docker):
    """Two images, of which one has a line more in a view, differ in the last layer alone."""
    views = (PROJECT / "core/views.py").read_text()
    pins = packages_of("a change of code")

    before = layers(docker, build(APP, changes=pins))
    after = layers(docker, build(APP, changes=pins | {"core/views.py": f"{views}\n# touched\n"}))

    assert after[:-1] == before[:-1]
    assert after[-1] != before[-1]


def test_build_tools_stay_out(container):
    """Neither gettext nor what pip downloaded is in the image."""
    found = container.exec("sh", "-c", "command -v msgfmt; find / -name pip -path '*cache*'; true")

    assert found == ""


def test_start_finds_its_bytecode(build, run_once, container):
    """Of what is imported until the project serves, less than a twentieth is not compiled."""
    uncompiled = run_once(build("signals/exec-form.Dockerfile"))

    here, there = (float(c.exec("python", "-c", UNCOMPILED)) for c in (container, uncompiled))

    assert here < 0.05
    assert there > 2 * here


def test_exposed_port_is_the_bound_one(container, docker):
    """EXPOSE and --bind name the same port."""
    image = docker.image.inspect(container.handle.image)

    bound = re.search(r"Listening at: http://0\.0\.0\.0:(\d+)", container.logs())[1]
    assert list(image.config.exposed_ports) == [f"{bound}/tcp"]


def test_module_name_is_all_you_change(build, run, tmp_path):
    """The project's package gets another name, and the Dockerfile that name in one place."""
    project, dockerfile = tmp_path / "project", tmp_path / "app.Dockerfile"
    shutil.copytree(PROJECT, project)
    (project / "core").rename(project / "mysite")
    for file in project.rglob("*.py"):
        file.write_text(re.sub(r"(?<!\.)\bcore(?=[.\"]| import)", "mysite", file.read_text()))
    dockerfile.write_text(edited((SNIPPETS / APP).read_text(), {"core.wsgi": "mysite.wsgi"}))

    container = run(build(dockerfile, project=project))

    assert container.get("/").status_code == 200


def test_prints_show_at_once(build, run):
    """What Python prints is in the log while it sleeps, long before any buffer is full."""
    sleeping = "import time; print('printed'); time.sleep(600)"

    assert run(build(APP), "python", "-c", sleeping, ready="printed").running


def test_project_without_translations_builds(build, run, tmp_path):
    """There is no .po file to compile, and a page is answered."""
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("locale"))

    assert run(build(APP, project=project)).get("/").status_code == 200


def test_broken_translation_stops_the_build(build):
    """The original has a placeholder that the translation has not."""
    broken = (PROJECT / PO).read_text() + '\nmsgid "%(name)s is here"\nmsgstr "%(nme)s ist da"\n'
    broken = edited(broken, {'msgid "%(name)s is': '#, python-format\nmsgid "%(name)s is'})

    with pytest.raises(DockerException, match=r"find \. -name"):
        build(APP, changes={PO: broken})


def test_hidden_files_stay_out(build, run):
    """Of the files planted in the project, the image has the one that is not ignored."""
    hidden = [".env", ".git/config", "core/.env.local", "key.pem", "db.sqlite3"]
    image = build(APP, changes=dict.fromkeys([*hidden, "core/seen.txt"], "canary"))

    found = run(image, "grep", "-rl", "canary", "/app", ready="/app").logs()

    assert found.split() == ["/app/core/seen.txt"]


def test_shortest_file_serves(build, run):
    """The home page, with its links to hashed static files; the code is not among the system's."""
    container = run(build("dockerfile/shortest.Dockerfile"))
    response = container.get("/")

    assert response.status_code == 200
    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", response.text)
    assert "etc" not in container.exec("ls").split()


def test_your_own_tests_run_in_the_image(build, run):
    """Django's test runner passes inside the very image that is deployed."""
    container = run(build(APP), "python", "manage.py", "test", ready="Ran ")

    assert container.exit_code == 0, container.logs()


UNCOMPILED = """
import gunicorn.app.wsgiapp, gunicorn.workers.gthread, core.wsgi, sys
from pathlib import Path
found = [m.__spec__.cached for m in sys.modules.values() if m.__spec__ and m.__spec__.cached]
print(sum(not Path(path).exists() for path in found) / len(found))
"""


def threads_by_process(container):
    """Ask in bursts until four threads have answered: which of them takes a request is chance."""
    seen = {}
    for _ in range(50):
        for answer in [container.start_get("/whoami/") for _ in range(16)]:
            who = answer.result().json()
            seen.setdefault(who["pid"], set()).add(who["thread_id"])
        if sum(map(len, seen.values())) >= 4:
            break
    return seen
