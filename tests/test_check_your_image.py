"""The proofs of docs/check-your-image.md."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness import ENVIRONMENT, PROJECT, ROOT, SNIPPETS, transcripts
from harness.texts import edited
from scenarios.health_checks import CHANGES, FILES

CONTRACT = (ROOT / "tests/contract.py").read_text()
CLAUSES = {name.replace("_", " ") for name in re.findall(r"(?m)^def test_(\w+)\(", CONTRACT)}
HELPERS = [path.read_text() for path in (ROOT / "tests/harness/contract").glob("*.py")]
PYTEST = "python -m pytest --within"  # within this run, so that it removes no other
SETTINGS = [f"--env={name}={value}" for name, value in ENVIRONMENT.items()]
PLAIN = ["--path", "/health/"]  # for images without hashed static files
STOP, HEALTH = ["-k", "stops_in_time"], ["-k", "unhealthy or any_host"]
EXEC_FORM = (SNIPPETS / "signals/exec-form.Dockerfile").read_text()
BROKEN = re.sub("(?s)CMD.*", "CMD touch log && gunicorn core.wsgi --bind :8000\n", EXEC_FORM)
ALSO_WRONG = "ENV API_TOKEN=1\nSTOPSIGNAL SIGKILL\nHEALTHCHECK CMD true"
BROKEN = edited(BROKEN, {"USER 65534:65534": ALSO_WRONG})
OF_DJANGO = [
    "serves the stylesheets of its page",
    "uses one settings module",
    "runs without debug",
    "keeps one secret key",
    "has all its migrations",
    "can write to its sqlite database",
]
OTHER_SETTINGS = {'"core.settings"': '"core.local"'}
CARELESS = {
    "core/local.py": "from core.settings import *  # noqa: F403\n",
    "manage.py": edited((PROJECT / "manage.py").read_text(), OTHER_SETTINGS),
    "core/settings.py": (PROJECT / "core/settings.py").read_text()
    + "DEBUG = True\nSECRET_KEY = os.urandom(9).hex()\n",
    "core/models.py": (PROJECT / "core/models.py").read_text()
    + "\n\nclass New(models.Model):\n    pass\n",
}
IN_TMP = "--env=DATABASE_URL=sqlite:////tmp/db"
NO_SOCKET = "--env=GUNICORN_CMD_ARGS=--control-socket /proc/no"
WITH_CHECK = {"files": FILES, "changes": CHANGES}


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Return a function that checks an image, and returns the report as pairs of mark and text.

    It does the same as the command, but starts no process.
    """
    monkeypatch.chdir(ROOT)

    def check(*options: str) -> dict[str, tuple[str, str]]:
        report = f"--junit-xml={tmp_path}/report.xml"
        code = pytest.main(["tests/contract.py", "--within", report, *options])
        if code == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        said = capsys.readouterr().out
        lines = re.findall(r"(?m)^([✓✗○]) ([a-z ]+)(?:: (.*))?$", said)
        told = {clause: (mark, words) for mark, clause, words in lines}
        assert told, said
        assert code == any(mark == "✗" for mark, _ in told.values())
        assert len(said.splitlines()) == len(told) + 2  # an empty line, and the size
        return told

    return check


def test_app_image_keeps_the_contract(app_image, replay, monkeypatch):
    """The page's command checks the app image of docs/dockerfile.md."""
    put_python_first(monkeypatch)
    monkeypatch.setitem(transcripts.MASKS, r"\d+ layers, \d+ MB", "SIZE")
    names = {"web": app_image, "uv run pytest": PYTEST}

    said = replay("check-your-image/check.console", ROOT, **names)

    assert "✗" not in said
    assert "SIZE" in transcripts.mask(said)


def test_load_is_measured_for_any_image(app_image, replay, monkeypatch):
    """The page's command measures the app image of docs/dockerfile.md, with shorter loads.

    On a machine with one CPU, it could not run the load on another one.
    """
    put_python_first(monkeypatch)
    monkeypatch.setenv("BENCH_SECONDS", os.environ.get("BENCH_SECONDS", "1"))
    monkeypatch.setitem(transcripts.MASKS, r"\d+(\.\d+)?", "NUMBER")
    names = {"web": app_image, "uv run pytest": PYTEST}

    said = replay("check-your-image/measure.console", ROOT, **names)

    most, rate = (
        int(re.search(rf"{word} (\d+) requests per second", said)[1]) for word in ("at most", "at")
    )
    assert most > 0
    assert abs(rate - 0.7 * most) <= 1
    assert re.search(r"cut \d+ of [1-9]\d* requests", said)


def test_dockerfile_is_built_and_checked(builder, check):
    """A Dockerfile of ten lines passes, given its path and the directory to build."""
    dockerfile = SNIPPETS / "dockerfile/shortest.Dockerfile"
    builder.have_bases(dockerfile)

    told = check(f"--build={dockerfile}", f"--context={PROJECT}", *SETTINGS, IN_TMP)

    assert told.keys() == CLAUSES
    assert "✗" not in {mark for mark, _ in told.values()}


def test_broken_image_breaks_each_clause(build, check, tmp_path):
    """Each failure is one line that ends with an address of this guide, also in the JUnit file.

    One of two images has a wrong Dockerfile, the other has wrong settings and models.
    """
    (tmp_path / "broken.Dockerfile").write_text(BROKEN)
    image = build(tmp_path / "broken.Dockerfile", changes={"core/.env": "SECRET=1"})

    careless = build("signals/exec-form.Dockerfile", changes=CARELESS)

    of_django = check(f"--image={careless}", *SETTINGS)
    told = check(f"--image={image}", *SETTINGS, NO_SOCKET, "--health-path=/")

    assert told.keys() == CLAUSES
    told |= {clause: of_django[clause] for clause in OF_DJANGO}
    assert {mark for mark, _ in told.values()} == {"✗"}
    assert [w for _, w in told.values() if not re.search(r": [a-z-]+\.html(#\S+)?$", w)] == []
    report = ET.parse(tmp_path / "report.xml")  # noqa: S314 -- our own pytest wrote it
    failed = {f"Failed: {words}" for _, words in told.values()}
    assert {failure.get("message") for failure in report.iter("failure")} <= failed


@pytest.mark.parametrize(
    ("dockerfile", "files"),
    [
        ("signals/wrong-shell-form.Dockerfile", []),
        (
            "signals/exec-in-script.Dockerfile",
            ["signals/wrong-script-without-exec.entrypoint.sh"],
        ),
    ],
    ids=["shell form", "script"],
)
def test_lost_sigterm_fails_the_stop(build, check, dockerfile, files):
    """Both files that docs/signals.md marks as wrong fail, with the address of that page."""
    image = build(dockerfile, files=files)

    mark, words = check(f"--image={image}", *SETTINGS, *PLAIN, *STOP)["stops in time"]

    assert mark == "✗"
    line = r"docker stop took \d+\.\d s, and the exit code is 137"
    assert re.fullmatch(f"{line}: signals.html#shell-form-keeps-sigterm", words)


@pytest.mark.parametrize(
    ("dockerfile", "clause", "line"),
    [
        (
            "secrets/wrong-removed-file.Dockerfile",
            "keeps secret files out",
            "a layer has /app/.env: dockerfile.html#",
        ),
        (
            "secrets/wrong-build-argument.Dockerfile",
            "keeps secrets out of its history",
            "docker history shows SECRET_KEY: secrets",
        ),
        (
            "health-checks/wrong-curl.Dockerfile",
            "turns unhealthy when it hangs",
            "it stays unhealthy, .* health-checks.html#",
        ),
    ],
    ids=["removed file", "argument", "curl"],
)
def test_other_wrong_dockerfiles_are_found_out(
    builder, docker, check, tmp_path, dockerfile, clause, line
):
    """Each image is built as on its page, and fails one check, with the address of a page."""
    context, wrong = tmp_path / "context", SNIPPETS / dockerfile
    shutil.copytree(PROJECT, context)
    (context / ".env").write_text("SECRET=1")
    builder.have_bases(wrong)
    image, key = builder.tag(f"wrong-{wrong.stem.lower()}"), {"SECRET_KEY": "1"}
    docker.legacy_build(context, file=wrong, tags=image, build_args=key)

    told = check(f"--image={image}", *SETTINGS, *PLAIN, "-k", clause.replace(" ", "_"))

    assert told.keys() == {clause}
    mark, words = told[clause]
    assert mark == "✗"
    assert re.match(line, words)


def test_health_check_is_tried_on_a_hanging_server(build, check):
    """The health check of docs/health-checks.md turns unhealthy, and its path ignores the host."""
    image = build("health-checks/with-check.Dockerfile", **WITH_CHECK)

    told = check(f"--image={image}", *SETTINGS, *PLAIN, "--health-path=/health/live", *HEALTH)

    assert told == {
        "turns unhealthy when it hangs": ("✓", ""),
        "responds to health checks for any host": ("✓", ""),
    }


@pytest.mark.parametrize(
    ("path", "found"),
    [("/health/", "links to no stylesheet"), ("/health", "redirects to /health/")],
    ids=["no link", "redirect"],
)
def test_page_without_stylesheets_is_skipped(app_image, check, path, found):
    """The check does not pass on such a page, and says how to choose another one."""
    told = check(f"--image={app_image}", *SETTINGS, f"--path={path}", "-k", "stylesheets")

    reason = f"{path} {found}, so choose a page with --path, see check-your-image.html"
    assert told == {"serves the stylesheets of its page": ("○", reason)}


def test_image_that_does_not_start_says_why(app_image, check):
    """Without SECRET_KEY, Gunicorn exits with code 3, or 1 if two workers fail at the same time."""
    [(mark, words)] = check(f"--image={app_image}", *STOP).values()

    assert mark == "✗"
    assert re.match("it exits with code [13] at startup, \"KeyError: 'SECRET_KEY'\": ", words)


def test_missing_name_is_one_line(monkeypatch):
    """Without --image and --build, the command starts nothing."""
    put_python_first(monkeypatch)
    done = subprocess.run([*PYTEST.split(), "tests/contract.py"], check=False, cwd=ROOT, text=True,
                          capture_output=True)  # fmt: skip

    assert done.returncode == 4
    assert done.stderr.strip().startswith("ERROR: name your image: --image my/image:tag")
    assert len(done.stderr.strip().splitlines()) == 1


def test_each_address_is_an_anchor_of_this_guide():
    """Every page and proof that the contract's lines link to exists."""
    texts = "".join([CONTRACT, *HELPERS])
    addresses = re.findall(r"([a-z-]+)\.html(?:#([a-z0-9-]+))?", texts)

    assert len(addresses) > len(CLAUSES)
    for page, proof in addresses:
        text = (ROOT / f"docs/{page}.md").read_text()
        assert f"({page})=" in text
        assert not proof or f"{{proof}}`{proof}`" in text


def put_python_first(monkeypatch):
    """Make `python` this interpreter, as `uv run` would."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
