"""The proofs of docs/troubleshooting/database-unreachable.md."""

from scenarios.databases import READY

ENTRY = "troubleshooting/database-unreachable"
ADDRESS = "postgres://postgres:{}@{}/postgres"


def test_refused_database_fails_the_view(plain_image, run, replay):
    """The settings use the app's own container as the host, where no database listens."""
    container = run(plain_image, env={"DATABASE_URL": ADDRESS.format("secret", "127.0.0.1")})

    assert container.get("/health/").status_code == 200
    assert container.get("/notes/").status_code == 500
    container.wait_for_log("OperationalError: connection failed")
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_unknown_name_of_a_database_is_not_resolved(plain_image, network, run):
    """No container on the network has this name."""
    env = {"DATABASE_URL": ADDRESS.format("secret", "db")}
    container = run(plain_image, env=env, networks=[network])

    assert container.get("/notes/").status_code == 500
    container.wait_for_log("failed to resolve host 'db'")


def test_wrong_password_is_refused(plain_image, official, network, run):
    """The database was started with another password."""
    at = {"networks": [network], "network_aliases": ["db"]}
    password = {"POSTGRES_PASSWORD": "first"}
    database = run(official("postgres:18"), env=password, ready="", **at)
    database.exec("sh", "-c", READY)
    address = ADDRESS.format("second", database.ip_address)
    container = run(plain_image, env={"DATABASE_URL": address}, networks=[network])

    assert container.get("/notes/").status_code == 500
    container.wait_for_log('password authentication failed for user "postgres"')


def test_published_port_is_not_open_to_containers(plain_image, official, network, run):
    """On the same host, the view reaches the database at port 5432, but not at its published port.

    Through port 5432, the view fails because no migration has created its table.
    """
    database = run(official("postgres:18"), env={"POSTGRES_PASSWORD": "secret"}, ready="",
                   networks=[network], network_aliases=["db"])  # fmt: skip
    database.exec("sh", "-c", READY)
    [published] = database.ports
    said = {published: f"port {published} failed: Connection refused"}
    said["5432"] = 'relation "core_note" does not exist'
    for port, line in said.items():
        address = ADDRESS.format("secret", f"{database.ip_address}:{port}")
        container = run(plain_image, env={"DATABASE_URL": address}, networks=[network])
        assert container.get("/notes/").status_code == 500
        container.wait_for_log(line)
