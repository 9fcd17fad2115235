"""The proofs of docs/troubleshooting/mysql-unreachable.md."""

import pytest

from harness import PROBES

ENTRY = "troubleshooting/mysql-unreachable"
LOST = "(2013, 'Lost connection to server during query')"
URL = "mysql://shop:{}@{}/shop"
PROGRAM = (PROBES / "query_after_an_error.py").read_text()


@pytest.fixture
def query(mysql_image, inside):
    """Return a function that runs a program with a database's address, and returns its output."""

    def query(password, host, program=PROGRAM):
        env = {"DATABASE_URL": URL.format(password, host)}
        env |= {"DJANGO_SETTINGS_MODULE": "core.settings"}
        return inside(mysql_image, "python", "-c", program, env=env).output

    return query


def test_refused_mysql_fails_the_view(mysql_image, run, replay):
    """The settings use the app's own container as the host, where no database listens."""
    web = run(mysql_image, env={"DATABASE_URL": URL.format("secret", "127.0.0.1")})

    assert web.get("/health/").status_code == 200
    assert web.get("/notes/").status_code == 500
    web.wait_for_log("Can't connect to server on '127.0.0.1'")
    replay(f"{ENTRY}/line.console", web=web.handle.id)
    replay(f"{ENTRY}/confirm.console", web=web.handle.id)


def test_localhost_means_a_socket(query):
    """The host in the address is localhost."""
    line = "(2002, \"Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)"

    assert line in query("secret", "localhost")


def test_unknown_name_of_mysql_has_number_2005(query):
    """No container has the name in the address."""
    assert "(2005, \"Unknown server host 'db'" in query("secret", "db")


def test_wrong_password_of_mysql_has_number_1045(mariadb, query):
    """The user exists, and has another password."""
    assert "(1045, \"Access denied for user 'shop'@" in query("other", mariadb.ip_address)


def test_ended_connection_of_mysql_has_gone_away(mariadb, query):
    """The server ends the program's connection, whose next query fails; then it is closed."""
    _, gone, after = query("secret", mariadb.ip_address).splitlines()

    assert gone in ("(2006, 'Server has gone away')", LOST)
    assert after == "connected"
