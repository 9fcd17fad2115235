"""The proofs of docs/dockerfile.md."""

import re
import shutil

import pytest
from python_on_whales.exceptions import DockerException

from harness import PROJECT, SNIPPETS
from harness.container import Container
from harness.contract import saved_image
from harness.texts import edited
from scenarios.layers import layers, packages_of

APP = "dockerfile/app.Dockerfile"
TEXT = (SNIPPETS / APP).read_text()
DOTFILES = [".bashrc", ".profile"]  # from the base image, and nothing else
PO = "core/locale/de/LC_MESSAGES/django.po"


@pytest.fixture
def container(build, run_once):
    """Run the image as on the page, once for all tests that only look at it."""
    return run_once(build(APP))


def test_container_answers(container):
    """The published port returns Django's home page."""
    response = container.get("/")

    assert response.status_code == 200
    assert "Hello from Django" in response.text


def test_commands_build_and_run_it(builder, docker, replay, tmp_path):
    """The page's two commands run in a directory with the page's two files."""
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
    """The worker's user ID is not root's, and the worker cannot write to its own code."""
    assert container.get("/whoami/").json()["uid"] != 0
    assert container.exec("sh", "-c", "test -w core/wsgi.py || echo read-only") == "read-only"


def test_user_has_a_name(container):
    """Python looks up the user's name, which would fail for a user with only a number."""
    assert container.exec("python", "-c", "import getpass; print(getpass.getuser())") == "runner"


def test_user_has_a_home(container):
    """HOME is a directory to which this user can write."""
    assert container.exec("sh", "-c", "touch ~/file && ls ~") == "file"


def test_user_is_a_number(app_image, docker):
    """The image's configuration has numbers for the user and the group."""
    assert docker.image.inspect(app_image).config.user == "10001:10001"


def test_translations_are_compiled(container):
    """A German browser gets a German page."""
    response = container.get("/", headers={"Accept-Language": "de"})

    assert "Hallo von Django" in response.text


def test_links_to_static_files_are_hashed(container):
    """The page links to a hashed name, and STATIC_ROOT contains that file."""
    link = re.search(r"/static(/core/site\.[0-9a-f]{12}\.css)", container.get("/").text)

    assert link
    assert "max-width" in container.exec("cat", f"staticfiles{link[1]}")


def test_environment_variable_makes_two_workers(container):
    """The file sets WEB_CONCURRENCY=2 and --threads 2, so two workers have two threads each."""
    container.wait_for_log("Booting worker", count=2)

    seen = threads_by_process(container)

    assert len(container.top()) == 3  # plus the master
    assert sorted(len(threads) for threads in seen.values()) == [2, 2]


def test_log_has_no_error(build, run):
    """The log has no line of level ERROR or higher: at startup, while serving, or at the stop."""
    container = run(build(APP))
    container.get("/")
    container.stop()

    log = container.logs()
    assert "GET / HTTP/1.1" in log
    assert "Shutting down: Master" in log
    assert not re.search("ERROR|CRITICAL|Traceback", log)


def test_collectstatic_needs_a_secret(builder, tmp_path):
    """Without the made-up key, the build stops with the error of settings that require one."""
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(edited(TEXT, {"SECRET_KEY=not-kept-in-the-image ": ""}))

    done = builder.build_aloud(dockerfile, PROJECT)

    assert done.returncode == 1
    assert "KeyError: 'SECRET_KEY'" in done.stderr


def test_secret_of_the_build_is_not_kept(build, docker):
    """The build directory has the Dockerfile too; neither layers nor history contain the key."""
    image = build(APP, changes={"Dockerfile": TEXT})

    assert "not-kept-in-the-image" in TEXT
    assert [part for part in saved_image.parts(docker, image) if b"not-kept" in part] == []


def test_change_of_code_moves_one_layer(build, docker):
    """Two images, one with an extra line in a view, differ only in the last layer."""
    views = (PROJECT / "core/views.py").read_text()
    pins = packages_of("a change of code")

    before = layers(docker, build(APP, changes=pins))
    after = layers(docker, build(APP, changes=pins | {"core/views.py": f"{views}\n# touched\n"}))

    assert after[:-1] == before[:-1]
    assert after[-1] != before[-1]


def test_build_tools_stay_out(container):
    """Root finds neither gettext nor pip's downloads in the image."""
    look = ["sh", "-c", "command -v msgfmt; find / -xdev -name pip -path '*cache*'; true"]

    assert container.handle.execute(look, user="root") == ""
    assert container.handle.execute(["ls", "-A", "/root"], user="root").split() == DOTFILES


def test_start_finds_its_bytecode(build, run_once, container):
    """Less than a twentieth of what is imported at startup is not compiled."""
    uncompiled = run_once(build("signals/exec-form.Dockerfile"))

    here, there = (float(c.exec("python", "-c", UNCOMPILED)) for c in (container, uncompiled))

    assert here < 0.05
    assert there > 2 * here


def test_exposed_port_is_the_bound_one(container, docker):
    """EXPOSE and --bind have the same port."""
    image = docker.image.inspect(container.handle.image)

    bound = re.search(r"Listening at: http://0\.0\.0\.0:(\d+)", container.logs())[1]
    assert list(image.config.exposed_ports) == [f"{bound}/tcp"]


def test_module_name_is_all_you_change(build, run, startproject, with_settings, tmp_path):
    """If a fresh project's package is renamed, the Dockerfile needs the new name in one place."""
    project = tmp_path / "project"
    shutil.copytree(startproject(), project)
    for path, text in with_settings().items():
        (project / path).write_text(text)
    (project / "core").rename(project / "mysite")
    for file in project.rglob("*.py"):
        file.write_text(re.sub(r"(?<!\.)\bcore\.", "mysite.", file.read_text()))

    container = run(build(APP, project=project, edits={"core.wsgi": "mysite.wsgi"}))

    assert container.get("/admin/login/").status_code == 200


def test_prints_show_at_once(build, run):
    """What Python prints is in the log while Python sleeps, long before a buffer is full."""
    sleeping = "import time; print('printed'); time.sleep(600)"

    assert run(build(APP), "python", "-c", sleeping, ready="printed").running


def test_project_without_translations_builds(build, run, tmp_path):
    """With no .po file, the build succeeds with the lines for translations, and without them."""
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("locale"))
    [apt] = re.findall(r"RUN apt-get (?:.*\\\n)+.*\n", TEXT)
    [find] = re.findall(r"# Like compilemessages.*\nRUN find (?:.*\\\n)+.*\n", TEXT)

    for edits in {}, {apt: "", find: ""}:
        assert run(build(APP, project=project, edits=edits)).get("/").status_code == 200


def test_each_part_can_be_dropped(build, run):
    """Without the project's bytecode, a page is still served."""
    image = build(APP, edits={"RUN python -m compileall -q . || true\n": ""})

    assert run(image).get("/").status_code == 200


@pytest.mark.parametrize("root", ["public/assets", "/srv/collected"])
def test_any_static_root_is_kept(build, run, root):
    """One directory is two levels deep in the project, another one outside of it."""
    settings = edited(
        (PROJECT / "core/settings.py").read_text(), {'"staticfiles"\n': f'"{root}"\n'}
    )
    container = run(build(APP, changes={"core/settings.py": settings}))

    [link] = re.findall(r"/static(/core/site\.[0-9a-f]{12}\.css)", container.get("/").text)
    assert "max-width" in container.exec("cat", f"{root}{link}")


def test_missing_static_root_stops_the_build(builder, tmp_path):
    """The build's output contains Django's own message."""
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project)
    settings = project / "core/settings.py"
    line = 'STATIC_ROOT = BASE_DIR / "staticfiles"\n'
    settings.write_text(edited(settings.read_text(), {line: ""}))

    done = builder.build_aloud(SNIPPETS / APP, project)

    assert done.returncode == 1
    assert "You're using the staticfiles app without having set the STATIC_ROOT" in done.stderr


def test_invalid_python_does_not_stop_the_build(build, run):
    """The project contains a module template, such as cookiecutter's."""
    template = {"templates/views.py": "class {{ name }}(View):\n    pass\n"}
    container = run(build(APP, changes=template))

    assert container.get("/").status_code == 200
    assert container.exec("find", "core", "-name", "urls.*.pyc")


def test_broken_translation_stops_the_build(build):
    """The original has a placeholder that the translation does not have."""
    broken = (PROJECT / PO).read_text() + '\nmsgid "%(name)s is here"\nmsgstr "%(nme)s ist da"\n'
    broken = edited(broken, {'msgid "%(name)s is': '#, python-format\nmsgid "%(name)s is'})

    with pytest.raises(DockerException, match=r"find \. -name"):
        build(APP, changes={PO: broken})


def test_hidden_files_stay_out(build, run):
    """Of the files created in the project, the image contains only the one that is not ignored."""
    hidden = [".env", ".git/config", "core/.env.local", "key.pem", "tls.key", "web.env"]
    hidden += ["secret_key", "db.sqlite3", "dump.sql", "Dockerfile", "compose.yaml", "venv/x.py"]
    image = build(APP, changes=dict.fromkeys([*hidden, "core/seen.txt"], "canary"))

    found = run(image, "grep", "-rl", "canary", "/app", ready="/app").logs()

    assert found.split() == ["/app/core/seen.txt"]


def test_shortest_file_serves(build, run):
    """The home page links to hashed static files; the code is not in a system directory."""
    container = run(build("dockerfile/shortest.Dockerfile"))
    response = container.get("/")

    assert response.status_code == 200
    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", response.text)
    assert "etc" not in container.exec("ls").split()


def test_your_own_tests_run_in_the_image(build, run):
    """Django's test runner passes in the image that is deployed."""
    container = run(build(APP), "python", "manage.py", "test", ready="Ran ")

    assert container.exit_code == 0, container.logs()


UNCOMPILED = """
import gunicorn.app.wsgiapp, gunicorn.workers.gthread, core.wsgi, sys
from pathlib import Path
found = [m.__spec__.cached for m in sys.modules.values() if m.__spec__ and m.__spec__.cached]
print(sum(not Path(path).exists() for path in found) / len(found))
"""


def threads_by_process(container):
    """Send bursts until four threads have responded, because chance decides which thread does."""
    seen = {}
    for _ in range(50):
        for answer in [container.start_get("/whoami/") for _ in range(16)]:
            who = answer.result().json()
            seen.setdefault(who["pid"], set()).add(who["thread_id"])
        if sum(map(len, seen.values())) >= 4:
            break
    return seen
