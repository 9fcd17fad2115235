"""The proofs of docs/troubleshooting/pool-timeout.md."""

from harness.texts import edited
from scenarios.databases import POOL, wave

ENTRY = "troubleshooting/pool-timeout"
SMALL = edited(POOL, {'"max_size": 2': '"max_size": 1', '"timeout": 10': '"timeout": 1'})
WRONG = {"DATABASE_URL": "postgres://app:secret@127.0.0.1/app"}


def test_request_waits_for_the_pool_in_vain(serve, replay):
    """Two threads share one connection for longer than the pool waits: one request returns 500."""
    container = serve(SMALL, "--workers", "1")

    assert sorted(wave(container, "/query/5/", 2)) == [200, 500]
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)


def test_unreachable_database_times_out_too(serve):
    """No database listens on the address; psycopg logs it, and the request fails."""
    container = serve(SMALL, "--workers", "1", env=WRONG)

    assert container.get("/backend/").status_code == 500
    container.wait_for_log("error connecting in 'pool-1'")
    container.wait_for_log("PoolTimeout: couldn't get a connection")
