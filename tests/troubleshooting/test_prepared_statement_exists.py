"""The proofs of docs/troubleshooting/prepared-statement-exists.md."""

from harness.container import wait_until
from scenarios.databases import BEHIND, wave

ENTRY = "troubleshooting/prepared-statement-exists"
NO_STATEMENTS = {
    "max_prepared_statements = 200": "max_prepared_statements = 0",
    "default_pool_size = 20": "default_pool_size = 1",
}
PREPARED = BEHIND + (
    'DATABASES["default"]["OPTIONS"] = {"server_side_binding": True, "prepare_threshold": 0}\n'
)


def test_two_threads_prepare_the_same_name(pooling, serve, replay):
    """Django's threads share one PostgreSQL connection, and their first statements collide."""
    with pooling(NO_STATEMENTS) as (pooler, address):
        container = serve(PREPARED, env=address)

        assert wait_until(lambda: 500 in wave(container, "/backend/"))
        replay(f"{ENTRY}/line.console", web=container.handle.id)
        replay(f"{ENTRY}/confirm.console", pgbouncer=pooler.handle.id)
