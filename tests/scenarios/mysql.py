"""MariaDB, and the sample project with mysqlclient, compiled as docs/compiled-packages.md shows."""

import re

import pytest

from harness import PROJECT, ROOT

FILE = "compiled-packages/postgresql.Dockerfile"
ROW = {
    "libpq-dev": "default-libmysqlclient-dev pkgconf",
    "recommends libpq5": "recommends libmariadb3",
    'import psycopg" \\': 'import MySQLdb" \\',
}
PINS = (PROJECT / "requirements.txt").read_text()
PINS = re.sub(r"(?m)^psycopg.*\n", "", PINS) + "mysqlclient==2.3.2\n"


@pytest.fixture(scope="session")
def mysql_image(build):
    """Build the page's file with the names in its row for mysqlclient."""
    return build(FILE, changes={"requirements.txt": PINS}, edits=ROW)


@pytest.fixture(scope="module")
def mariadb(build, running):
    """Run MariaDB with the database `shop`, once for all tests in a module."""
    image = build(ROOT / "tests/scenarios/mariadb.Dockerfile")
    with running(image, ready="ready for connections") as container:
        yield container
