"""The proofs of docs/build-in-ci.md."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from harness import PROJECT, ROOT, SNIPPETS
from harness.texts import edited

FILES = SNIPPETS / "build-in-ci"
WORKFLOW, GITLAB = FILES / "github.image.yml", FILES / "gitlab..gitlab-ci.yml"
APP = SNIPPETS / "dockerfile/app.Dockerfile"
DECIDED = (FILES / "decided.settings.py").read_text()
SCRIPT = (FILES / "postgres.ci.sh").read_text()
LEFT_OUT = ["Install uv", "Look up known vulnerabilities"]
[PSYCOPG] = re.findall(r"(?m)^psycopg\[binary\]==.*\n", (PROJECT / "requirements.txt").read_text())
REPOSITORY, COMMIT = "you/shop", "0123456789abcdef0123456789abcdef01234567"
LINTERS = {
    "jactionlint": ["jactionlint", "--strict-exit", "--shellcheck=", "--pyflakes="],
    "zizmor": ["zizmor", "--offline", "--persona=pedantic"],
    "schema": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
}
FAULTS = {
    "jactionlint": ("runs-on: ubuntu-latest", "runs-on: ubuntu-newest"),
    "zizmor": ("          persist-credentials: false\n", ""),
    "schema": ("timeout-minutes: 20", "timeout-minutes: twenty"),
}
SCHEMA = ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform"]
SCHEMA += ["gitlab-ci"]
TESTS = """
from django.contrib.auth.models import User
from django.db import connection
from django.test import TestCase

class OfThisProject(TestCase):
    def test_row(self):
        User.objects.create(username="someone")
        self.assertEqual(connection.vendor, "postgresql")
"""
MODEL = """
from django.db import models

class Page(models.Model):
    class Meta:
        app_label = "core"
"""
WITHOUT_A_MIGRATION = {
    "core/models.py": MODEL,
    "core/migrations/__init__.py": "",
    "core/settings.py": '\nINSTALLED_APPS.append("core")\n',
}


@pytest.fixture(scope="module")
def project(startproject, with_settings, builder, official, docker_in_path, tmp_path_factory):
    """Return a function that writes a reader's project and the environment for its script.

    Its copy of this guide is the guide itself, so the image check runs as part of this run.
    """
    builder.have_bases(APP)
    official("postgres:18")

    def project(changes=None):
        folder = tmp_path_factory.mktemp("project") / "shop"
        shutil.copytree(startproject(), folder)
        texts = {**with_settings(), "core/tests.py": TESTS}
        texts["core/settings.py"] += DECIDED
        texts["requirements.txt"] += PSYCOPG
        for path, text in (changes or {}).items():
            added = path == "core/settings.py"
            texts[path] = texts[path] + text if added else text
        for path, text in texts.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text)
        shutil.copy(APP, folder / "Dockerfile")
        shutil.copy(f"{APP}.dockerignore", folder / ".dockerignore")
        within = f"{sys.executable} -m pytest --within"
        (folder / "ci.sh").write_text(edited(SCRIPT, {"uv run pytest": within}))
        (folder / "ci.sh").chmod(0o755)
        (folder / ".guide").symlink_to(ROOT)
        path = docker_in_path(folder.parent / "bin")
        return folder, os.environ | {"PATH": f"{path}:{os.environ['PATH']}"}

    return project


@pytest.fixture(scope="module")
def pushed(project, image_registry, docker):
    """Run the workflow's commands in order for one commit, and return the output of each.

    It skips the command that installs uv, which is installed, and the one that queries a
    database on the internet.
    """
    folder, environ = project()
    workflow = yaml.safe_load(WORKFLOW.read_text())
    image = f"{image_registry.address}/{REPOSITORY}"
    environ |= {name: str(value) for name, value in workflow["env"].items()} | {"IMAGE": image}
    environ |= {"GITHUB_SHA": COMMIT, "GITHUB_ACTOR": "you", "TOKEN": "of-this-test"}
    environ |= {"GITHUB_STEP_SUMMARY": str(folder.parent / "summary.md")}
    printed = {}
    try:
        for step in workflow["jobs"]["image"]["steps"]:
            if "run" not in step or step["name"] in LEFT_OUT:
                continue
            done = bash(step["run"], folder, environ)
            printed[step["name"]] = done.stdout
            assert done.returncode == 0, done.stdout
        summary = (folder.parent / "summary.md").read_text().strip()
        yield SimpleNamespace(
            printed=printed, repository=REPOSITORY, image=image, summary=summary, folder=folder
        )
    finally:
        for tag in (COMMIT, "main"):
            remove(docker, f"{image}:{tag}")
        bash(f"docker logout {image_registry.address}", folder, environ)


def test_commands_of_the_workflow_succeed(pushed):
    """Log in, build and check, push: the commands run in this order without an error."""
    assert list(pushed.printed) == ["Log in to the registry", "Build and check", "Push"]
    assert "Login Succeeded" in pushed.printed["Log in to the registry"]


def test_image_is_pushed_only_from_main():
    """Only the last step has a condition, the branch, and only this step pushes."""
    workflow = yaml.safe_load(WORKFLOW.read_text())
    on, [job] = workflow[True], workflow["jobs"].values()  # YAML 1.1 reads "on" as true
    [*others, last] = job["steps"]

    assert on["push"] == {"branches": ["main"]}
    assert "pull_request" in on
    assert last["if"] == "github.ref == 'refs/heads/main'"
    assert "docker push" in last["run"]
    assert not [step for step in others if "if" in step or "docker push" in step.get("run", "")]


def test_project_is_tested_in_the_image_on_postgresql(pushed):
    """The project's own test writes a row, and reads the database vendor."""
    said = pushed.printed["Build and check"]

    assert re.search(r"Ran 1 test in .*\n\nOK", said)
    assert "System check identified no issues" in said
    assert "No changes detected" in said


def test_image_is_checked_by_this_guide(pushed):
    """The output has every line of the check, and no failure."""
    said = pushed.printed["Build and check"]

    assert said.count("✓") > 10
    assert "✗" not in said


def test_sbom_is_written(pushed):
    """The SBOM lists the same packages as pip does in the image."""
    listed = json.loads((pushed.folder / "sbom.json").read_text())
    packages = (pushed.folder / "packages.txt").read_text()

    assert "django" in {component["name"].lower() for component in listed["components"]}
    assert len(listed["components"]) == len(packages.splitlines())


def test_commit_and_branch_name_one_image(pushed, image_registry):
    """The registry has both tags, with the digest that the summary shows."""
    digests = [image_registry.digest(REPOSITORY, tag) for tag in (COMMIT, "main")]

    assert {COMMIT, "main"} <= {*image_registry.tags(REPOSITORY)}
    assert [f"{pushed.image}@{digest}" for digest in digests] == [pushed.summary] * 2


def test_image_carries_the_cache_of_the_next_build(pushed, image_registry):
    """The pushed configuration contains BuildKit's cache metadata."""
    configuration = image_registry.configuration(pushed.repository, "main")

    assert configuration["moby.buildkit.cache.v0"]


@pytest.mark.docker_only("a cache in an image: docker build --cache-to type=inline")
def test_script_stops_at_a_fault(project, docker):
    """A migration is missing, so neither the image check nor the package list runs after it."""
    folder, environ = project(WITHOUT_A_MIGRATION)
    image = f"localhost/broken:{os.environ['PROOFS_RUN']}"
    try:
        done = bash(f"./ci.sh {image}", folder, environ)
    finally:
        remove(docker, image)

    assert done.returncode != 0
    assert "+ Create model Page" in done.stdout
    assert "responds over http" not in done.stdout
    assert not (folder / "packages.txt").exists()


def test_deploy_check_passes_without_a_fail_level(inside, fresh_image):
    """The finding is the same with and without the option, but warnings alone do not fail."""
    check = ["python", "manage.py", "check", "--deploy"]
    env = {"SECRET_KEY": "short"}
    image = fresh_image()

    ended = [inside(image, *check, *level, env=env) for level in ([], ["--fail-level", "WARNING"])]

    assert [end.exit_code for end in ended] == [0, 1]
    assert all("security.W009" in end.output for end in ended)


@pytest.fixture
def workflows(tmp_path):
    """Return the directory in which GitHub looks for workflows."""
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    return folder


def test_workflow_passes_linters_and_schema(replay, workflows):
    """Neither the page's commands nor jactionlint finds an error or a warning."""
    (workflows / "image.yml").write_text(WORKFLOW.read_text())

    replay("build-in-ci/lint.console", cwd=workflows.parent.parent)
    done = lint(LINTERS["jactionlint"], workflows / "image.yml")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", LINTERS)
def test_fault_in_the_workflow_is_found(name, workflows):
    """Each of the three programs finds a different kind of error."""
    before, after = FAULTS[name]
    text = edited(WORKFLOW.read_text(), {before: after}, times=2 if name == "zizmor" else 1)
    (workflows / "image.yml").write_text(text)

    assert lint(LINTERS[name], workflows / "image.yml").returncode != 0


def test_gitlab_file_fits_its_schema(tmp_path):
    """With a list instead of a duration, the schema rejects the file."""
    broken = tmp_path / ".gitlab-ci.yml"
    broken.write_text(edited(GITLAB.read_text(), {"timeout: 20 minutes": "timeout: [20]"}))

    assert lint(SCHEMA, GITLAB).returncode == 0
    assert lint(SCHEMA, broken).returncode == 1


def test_both_files_run_the_same_commands():
    """GitLab's file and the workflow have the same commands for script, audit and push."""
    names = {"$CI_REGISTRY_IMAGE": "$IMAGE", "$CI_COMMIT_SHA": "$GITHUB_SHA"}
    gitlab = GITLAB.read_text()
    for theirs, ours in names.items():
        gitlab = gitlab.replace(theirs, ours)
    commands = r"(?m)^ *(?:- |run: )?((?:\./ci\.sh|uvx|docker (?:push|tag)) .*)$"

    assert re.findall(commands, gitlab) == re.findall(commands, WORKFLOW.read_text())
    assert len(re.findall(commands, gitlab)) == 5


def bash(command, folder, environ):
    """Run a command as GitHub does when no shell is specified."""
    return subprocess.run(
        ["bash", "-e", "-c", command],
        check=False,
        cwd=folder,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def lint(command, path):
    """Run a program of this environment on a file."""
    program = Path(sys.executable).with_name(command[0])
    return subprocess.run(
        [program, *command[1:], path], check=False, capture_output=True, text=True
    )


def remove(docker, image):
    """Remove an image's tag, if it exists."""
    if docker.image.exists(image):
        docker.image.remove(image)
