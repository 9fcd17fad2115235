"""The proofs of docs/troubleshooting/database-driver-missing.md."""

ENTRY = "troubleshooting/database-driver-missing"
POSTGRES = {"DATABASE_URL": "postgres://postgres:secret@127.0.0.1/postgres"}
MYSQL = {"DATABASE_URL": "mysql://root:secret@127.0.0.1/shop"}
WHEEL = "FROM python:3.14-slim\nRUN pip wheel --no-deps mysqlclient==2.3.2\n"
FIND = "from importlib.util import find_spec; print(*find_spec('{}').submodule_search_locations)"
WITHOUT = f'rm -r "$(python -c "{FIND}")" && exec gunicorn core.wsgi --no-control-socket'


def test_missing_driver_ends_gunicorn(plain_image, run, replay):
    """The PostgreSQL package is removed, and no database runs."""
    command = ["sh", "-c", WITHOUT.format("psycopg")]
    container = run(plain_image, *command, ready="", user="0", env=POSTGRES)

    assert container.exit_code == 3
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_psycopg_alone_has_no_libpq(plain_image, run):
    """Only the package that includes libpq is removed."""
    command = ["sh", "-c", WITHOUT.format("psycopg_binary")]
    container = run(plain_image, *command, ready="", user="0", env=POSTGRES)

    assert container.exit_code == 3
    container.wait_for_log("no pq wrapper available")


def test_mysql_has_a_line_of_its_own(inside, plain_image):
    """The image has no MySQL package."""
    done = inside(plain_image, "python", "manage.py", "check", env=MYSQL)

    assert done.exit_code == 1
    assert "Error loading MySQLdb module" in done.output


def test_mysqlclient_loads_a_library(mysql_image, run):
    """The library is removed, as if the final stage had not installed it."""
    command = 'rm /usr/lib/*/libmariadb.so.3; exec python -c "import MySQLdb"'
    container = run(mysql_image, "sh", "-c", command, user="0", ready="")

    assert container.exit_code == 1
    line = "ImportError: libmariadb.so.3: cannot open shared object file: No such file or directory"
    container.wait_for_log(line)


def test_mysqlclient_needs_pkg_config(builder, tmp_path):
    """The image has neither a compiler nor pkg-config."""
    (tmp_path / "Dockerfile").write_text(WHEEL)
    done = builder.build_aloud(tmp_path / "Dockerfile", tmp_path)

    assert done.returncode == 1
    assert "Exception: Can not find valid pkg-config name." in done.stderr
