"""The proofs of docs/compiled-packages.md."""

import re
import shutil
import uuid

import pytest

from harness import PROJECT, SNIPPETS
from harness.texts import edited
from scenarios.databases import READY
from scenarios.layers import instructions
from scenarios.locked import UV

APP = "dockerfile/app.Dockerfile"
COMPILED = "compiled-packages/postgresql.Dockerfile"
TEXT = (SNIPPETS / COMPILED).read_text()
PINS = (PROJECT / "requirements.txt").read_text()
BINARY = {"psycopg[binary]==": "psycopg[c]==", "psycopg-binary==": "psycopg-c=="}
CHANGES = {"requirements.txt": edited(PINS, BINARY)}
LIBRARY = """# New: the library that the compiled package loads.
RUN apt-get update \\
 && apt-get install -y --no-install-recommends libpq5 \\
 && rm -rf /var/lib/apt/lists/*
"""
LOOK = ' && python -c "import psycopg" \\\n'
PACKAGES = {
    "psycopg[c]==3.3.9": ("libpq-dev", "libpq5", "psycopg"),
    "psycopg2==2.9.13": ("libpq-dev", "libpq5", "psycopg2"),
    "mysqlclient==2.3.2": ("default-libmysqlclient-dev pkgconf", "libmariadb3", "MySQLdb"),
}
DRIVER = "import psycopg, psycopg_c; print(psycopg.pq.__impl__)"
GDAL = "from django.contrib.gis import gdal, geos; print(gdal.gdal_version(), geos.geos_version())"
SETTINGS = {"DJANGO_SETTINGS_MODULE": "core.settings", "SECRET_KEY": "any"}
SOURCE = "591fcbcb40e089235a7f096b9e887e71ccae78fd337aba198d918e33707c5e01"  # of psycopg-c 3.3.9
SEARCH = "apt-get -qq update && apt-cache search --names-only '^libgdal[0-9]+$'"
URL = {"DATABASE_URL": "postgres://postgres:for-this-test-alone@db/postgres"}


@pytest.fixture
def image(build):
    """Build the page's file for the sample project, with a database driver that has no wheel."""
    return build(COMPILED, changes=CHANGES)


@pytest.fixture
def without_library(build):
    """Build the same file without the library, and without the step that would detect this."""
    return build(COMPILED, changes=CHANGES, edits={LIBRARY: "", LOOK: ""})


@pytest.fixture
def aloud(builder, tmp_path):
    """Return a function that builds a Dockerfile in the sample project, and returns the outcome."""

    def aloud(dockerfile, requirements, *options, project=PROJECT):
        folder = tmp_path / uuid.uuid4().hex
        shutil.copytree(project, folder)
        (folder / "Dockerfile").write_text(dockerfile)
        (folder / "requirements.txt").write_text(requirements)
        return builder.build_aloud(folder / "Dockerfile", folder, *options)

    return aloud


def test_compiler_stage_and_library_are_all_that_is_new():
    """Of the app image's instructions, only pip's is missing; all others are the same."""
    app = instructions(SNIPPETS / APP)
    new = [line.replace("slim-trixie", "slim") for line in instructions(SNIPPETS / COMPILED)]

    [missing] = [line for line in app if line not in new]
    assert "pip install --requirement requirements.txt" in missing
    added = " ".join(line for line in new if line not in app)
    packages = re.findall(r"FROM|--no-install-recommends (.*?) +&&|pip \w+", added)
    assert packages == ["", "gcc libc6-dev libpq-dev", "", "libpq5", ""]
    assert re.findall(r"FROM|pip \w+", added) == ["FROM", "pip wheel", "pip install"]


def test_compiled_driver_reads_from_postgresql(network, image, official, run):
    """After the migrations run in the image, a page and the list of notes come from PostgreSQL."""
    password, ready = {"POSTGRES_PASSWORD": "for-this-test-alone"}, "listening on IPv4"
    shared = {"networks": [network], "network_aliases": ["db"]}
    database = run(official("postgres:18"), env=password, ready=ready, **shared)
    database.exec("sh", "-c", READY)
    web = run(image, env=URL, networks=[network])
    web.exec("python", "manage.py", "migrate")

    page = web.get("/")
    assert page.status_code == 200
    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", page.text)
    assert web.exec("python", "-c", DRIVER) == "c"
    assert web.get("/notes/").json() == {"notes": []}


def test_compiler_stays_out_of_the_final_image(inside, run, image):
    """The image contains no compiler, no Debian package with headers, and no wheel."""
    look = "command -v gcc cc g++ make ld pg_config; find / -xdev -name '*.whl'; echo looked"
    container = run(image, "sh", "-c", look, ready="looked", user="0")
    packages = inside(image, "dpkg-query", "--show", "--showformat", "${Package}\\n")

    found = [line for line in container.logs().split() if "/ensurepip/" not in line]
    assert found == ["looked"]
    assert "libpq5" in packages.output.split()
    assert [name for name in packages.output.split() if re.search("-dev$|^gcc-[0-9]+$", name)] == []


def test_compiler_would_double_the_image(build, docker, image):
    """The compiler and the headers are installed in the step that installs the library."""
    fat = {"recommends libpq5": "recommends gcc libc6-dev libpq-dev"}
    together = build(COMPILED, changes=CHANGES, edits=fat)

    sizes = [docker.image.inspect(tag).size for tag in (together, image)]
    assert sizes[0] > 2 * sizes[1]


def test_compiled_image_runs_without_root(image, run):
    """The worker runs as the image's user, who cannot write to the code."""
    web = run(image)

    assert web.get("/whoami/").json()["uid"] == 10001
    assert web.exec("sh", "-c", "test -w core/wsgi.py || echo read-only") == "read-only"


def test_missing_library_fails_the_build(aloud):
    """The line that installs the library is left out."""
    done = aloud(edited(TEXT, {LIBRARY: ""}), CHANGES["requirements.txt"])

    assert done.returncode == 1
    assert "libpq.so.5: cannot open shared object file" in done.stderr
    assert "import psycopg" in done.stderr


def test_pip_wheel_checks_hashes(aloud):
    """With a wrong hash for one package, the build fails."""
    done = aloud(TEXT, f"sqlparse==0.6.1 --hash=sha256:{'0' * 64}\n")

    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in done.stderr


def test_compiled_wheel_does_not_match_the_hash(aloud):
    """The lock has only the source package's hash, which the wheel made from it does not match."""
    install = "--no-index --no-deps /wheels/*.whl"
    bind = "--mount=type=bind,source=requirements.txt,target=/r.txt"
    from_file = edited(
        TEXT,
        {
            install: "--no-index --no-deps --find-links /wheels --requirement /r.txt",
            "RUN --mount=from=wheels": f"RUN {bind} --mount=from=wheels",
        },
    )
    done = aloud(from_file, f"psycopg-c==3.3.9 --hash=sha256:{SOURCE}\n")

    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    # BuildKit's words, and Podman's.
    failed = "(failed to solve: process|building at STEP) .*PYTHONDONTWRITEBYTECODE=1 +pip install"
    assert re.search(failed, done.stderr)


@pytest.mark.parametrize("requirement", PACKAGES)
def test_each_package_of_the_table_loads(build, inside, requirement):
    """With the package from the page's row installed, the image's user can import the module."""
    headers, library, module = PACKAGES[requirement]
    edits = {"libpq-dev": headers, "recommends libpq5": f"recommends {library}"}
    edits[LOOK] = LOOK.replace("psycopg", module)
    pins = re.sub(r"(?m)^psycopg.*\n", "", PINS) + f"{requirement}\n"

    image = build(COMPILED, changes={"requirements.txt": pins}, edits=edits)

    assert inside(image, "python", "-c", f"import {module}").exit_code == 0
    assert row(requirement) == [*PACKAGES[requirement]]


def test_geodjango_finds_gdal(build, inside):
    """Django gets the versions of GDAL and GEOS, and PROJ transforms coordinates."""
    gdal = {"recommends libpq5": "recommends gdal-bin libpq5"}
    image = build(COMPILED, changes=CHANGES, edits=gdal)

    done = inside(image, "python", "-c", GDAL, env=SETTINGS)

    assert done.exit_code == 0, done.output
    assert done.output.count("b'3.") == 2
    moved = inside(image, "python", "-c", MOVE, env=SETTINGS)
    assert moved.output.split()[-1] == "111319"


def test_geodjango_misses_gdal(image, inside):
    """The image has only the driver's library."""
    done = inside(image, "python", "-c", GDAL, env=SETTINGS)

    assert done.exit_code == 1
    assert "ImproperlyConfigured: Could not find the GDAL library" in done.output


def test_wheels_come_from_a_uv_lock(aloud, locked, tmp_path):
    """From uv.lock, uv writes the requirements with hashes, and pip builds their wheels."""
    mounts = re.search(r"RUN (--mount=from=ghcr.*?target=uv.lock \\\n)", uv_file(), re.DOTALL)[1]
    mounts = re.sub(r" *--mount=type=cache.*\n", "", mounts)
    export = "uv export --locked --no-dev --no-emit-project --output-file requirements.txt"
    dockerfile = edited(
        TEXT,
        {
            "    --mount=type=bind,source=requirements.txt,target=requirements.txt \\\n": (
                f"    {mounts}"
            ),
            # Another command than in earlier runs, because the cache would not print its output.
            "    pip wheel": f"    : {uuid.uuid4()} && {export} \\\n && pip wheel",
            "--requirement requirements.txt\n": "--requirement requirements.txt && ls /wheels\n",
            LOOK: "",
        },
    )
    project = tmp_path / "locked"
    shutil.copytree(locked, project)

    done = aloud(dockerfile, "", project=project)

    assert done.returncode == 0, done.stderr
    assert re.search(r"(?m)^(#\d+ [\d.]+ )?django-6\.1\S+\.whl$", done.stderr)
    assert "iniconfig" not in done.stderr


def test_release_has_one_gdal(official, inside):
    """The base image's Debian release has exactly one package of this kind."""
    found = inside(official("python:3.14-slim-trixie"), "sh", "-c", SEARCH)

    assert len(re.findall(r"(?m)^libgdal\d+ ", found.output)) == 1, found.output


def test_pip_reuses_what_it_compiled(aloud):
    """With a new comment in the requirements, the second build of the stage compiles nothing."""
    text = edited(TEXT, {"id=pip-trixie": f"id={uuid.uuid4().hex}"})
    pins = (f"psycopg2==2.9.13  # {uuid.uuid4()}\n" for _ in range(2))

    first, second = (aloud(text, pin, "--target", "wheels") for pin in pins)

    assert (first.returncode, second.returncode) == (0, 0)
    assert "Building wheel for psycopg2" in first.stderr
    assert "Building wheel for psycopg2" not in second.stderr
    assert re.search(r"Using cached psycopg2-\S+\.whl", second.stderr)


def test_missing_library_is_an_import_error(build, inside):
    """A compiled psycopg2 is imported in an image without libpq5."""
    pins = re.sub(r"(?m)^psycopg.*\n", "", PINS) + "psycopg2==2.9.13\n"
    # Another step than without_library has: with the same one, Podman can reuse that layer.
    edits = {LIBRARY: "", LOOK: LOOK.replace("psycopg", "asgiref")}
    image = build(COMPILED, changes={"requirements.txt": pins}, edits=edits)

    done = inside(image, "python", "-c", "import psycopg2")

    assert done.exit_code == 1
    assert "ImportError: libpq.so.5: cannot open shared object file" in done.output


def test_django_reports_the_missing_library(without_library, run):
    """A container with a PostgreSQL URL starts, and its log has both lines."""
    web = run(without_library, env=URL | {"WEB_CONCURRENCY": "1"}, ready="")

    assert web.exit_code == 3
    assert "ImproperlyConfigured: Error loading psycopg2 or psycopg module" in web.logs()
    web.wait_for_log("libpq.so.5: cannot open shared object file")


def test_command_lists_missing_libraries(without_library, image, replay, inside):
    """The page's command lists the missing library, and nothing if the library is installed."""
    printed = replay("compiled-packages/missing.console", web=without_library)

    assert "libpq.so.5 => not found" in printed
    look = (SNIPPETS / "compiled-packages/missing.console").read_text().split("'")[1]
    assert inside(image, "sh", "-c", look).output == ""


def test_binary_wheel_has_its_own_libpq(app_image, inside):
    """The library's files are next to the package, and dpkg lists no library of that name."""
    files = inside(app_image, "find", "/", "-xdev", "-name", "lib*.so*", "-path", "*psycopg_bin*")
    listed = inside(app_image, "dpkg-query", "--show", "libpq5")

    assert {"libpq-", "libssl-"} <= set(re.findall(r"lib(?:pq|ssl)-", files.output))
    assert listed.exit_code != 0


MOVE = """
from django.contrib.gis.geos import Point
print(int(Point(1, 0, srid=4326).transform(3857, clone=True).x))
"""


def row(requirement):
    """Return the page's table row for a package, without the backticks."""
    page = (SNIPPETS.parent / "docs/compiled-packages.md").read_text()
    name = requirement.partition("==")[0]
    [found] = [line for line in page.splitlines() if line.startswith(f"| `{name}` ")]
    return [cell.strip(" `") for cell in found.strip("|").split("|")][1:]


def uv_file():
    """Return the text of the file for uv."""
    return (SNIPPETS / UV).read_text()
