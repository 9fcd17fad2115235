"""The proofs of docs/database-connections.md."""

from contextlib import ExitStack

import pytest

from harness import SNIPPETS
from harness.container import wait_until
from harness.texts import edited
from scenarios.databases import KEPT, POOL, wave

FOLDER = "database-connections"
PRELOAD = (SNIPPETS / f"{FOLDER}/preload.gunicorn.conf.py").read_text()
IDLE_LIMIT = (SNIPPETS / f"{FOLDER}/idle-limit.settings.py").read_text()
UNCHECKED = {'["CONN_HEALTH_CHECKS"] = True': '["CONN_HEALTH_CHECKS"] = False'}
PATIENT = {'"timeout": 10': '"timeout": 100'}
RESTARTED = {
    "closed": "",
    "kept": edited(KEPT, UNCHECKED),
    "kept and checked": KEPT,
    "pool": edited(POOL, UNCHECKED),
    "pool and checked": edited(POOL, PATIENT),
}
THREADS = 4  # two workers with two threads each
QUERYING = {"app": "probes.querying"}


@pytest.fixture(scope="module")
def restarted(postgres, serving):
    """Restart the database while containers run that differ only in these settings.

    Return, by name, the status of a request during the restart, the statuses of 24 requests
    after it, and the log.
    """
    with ExitStack() as started:
        sites = {name: started.enter_context(serving(text)) for name, text in RESTARTED.items()}
        for site in sites.values():
            assert set(wave(site, count=8)) == {200}
        postgres.container.stop()
        asked = {name: site.start_get("/backend/") for name, site in sites.items()}
        assert wait_until(asked["closed"].done)
        postgres.container.handle.start()
        postgres.ready()
        during = {name: answer.result().status_code for name, answer in asked.items()}
        after = {name: wave(site) + wave(site, count=20) for name, site in sites.items()}
        logs = {name: site.logs() for name, site in sites.items()}
    return during, after, logs


def test_each_thread_keeps_its_connection(postgres, serve):
    """With the page's file, four threads keep four connections, however many requests arrive."""
    container = serve(KEPT)

    assert wait_until(lambda: wave(container) and postgres.clients(container) == THREADS)
    for _ in range(3):
        assert set(wave(container, count=8)) == {200}
        assert postgres.clients(container) == THREADS


def test_second_container_doubles_the_connections(postgres, serve):
    """Two containers run at the same time, as during an update, and keep eight connections."""
    containers = [serve(KEPT), serve(KEPT)]

    for container in containers:
        assert wait_until(lambda: wave(container) and postgres.clients(container) == THREADS)  # noqa: B023
    assert postgres.clients(*containers) == 2 * THREADS


def test_default_closes_the_connection_after_the_request(postgres, serve):
    """Four requests use the database; once they are done, it has no connections."""
    container = serve("")
    answers = [container.start_get("/query/3/") for _ in range(THREADS)]

    assert wait_until(lambda: postgres.clients(container))
    assert {answer.result().status_code for answer in answers} == {200}
    assert postgres.has_clients(0, container)


def test_pool_belongs_to_its_worker(postgres, serve):
    """Two workers, each with the page's pool of two, open four connections and keep them."""
    container = serve(POOL)

    assert wait_until(lambda: wave(container) and postgres.clients(container) == THREADS)
    assert set(wave(container, count=8)) == {200}
    assert postgres.clients(container) == THREADS


def test_default_pool_opens_four_connections(postgres, serve):
    """One request goes to a single worker whose pool has no configured size."""
    container = serve('DATABASES["default"]["OPTIONS"] = {"pool": True}\n', "--workers", "1")
    container.get("/backend/")

    assert postgres.has_clients(4, container)


def test_pool_smaller_than_the_threads_times_out(serve):
    """Two requests share one connection: one of them returns 500 after the timeout."""
    small = edited(POOL, {'"max_size": 2': '"max_size": 1', '"timeout": 10': '"timeout": 1'})
    container = serve(small, "--workers", "1")

    assert sorted(wave(container, "/query/5/", 2)) == [200, 500]
    container.wait_for_log("PoolTimeout: couldn't get a connection after 1.00 sec")


def test_pool_as_large_as_the_threads_serves_all(serve):
    """With a pool of two, the same two requests succeed."""
    container = serve(edited(POOL, {'"timeout": 10': '"timeout": 1'}), "--workers", "1")

    assert wave(container, "/query/5/", 2) == [200, 200]


def test_pool_refuses_persistent_connections(serve):
    """With the page's pool and CONN_MAX_AGE, every query fails."""
    container = serve(edited(POOL, {'["CONN_MAX_AGE"] = 0': '["CONN_MAX_AGE"] = 60'}))

    assert container.get("/backend/").status_code == 500
    container.wait_for_log("Pooling doesn't support persistent connections.")


def test_restart_fails_requests_without_a_pool(restarted):
    """With CONN_MAX_AGE 0 or 60, checked or not, requests to a stopped database return 500."""
    during, _, _ = restarted

    assert [during[name] for name in ("closed", "kept", "kept and checked")] == [500] * 3


def test_checked_pool_waits_for_the_database(restarted):
    """A request that arrives while the database is stopped gets its response."""
    during, _, _ = restarted

    assert during["pool and checked"] == 200


def test_kept_connections_fail_after_a_restart(restarted):
    """Of 24 requests after the restart, at least one fails, but at most one per connection."""
    _, after, logs = restarted

    for name in "kept", "pool":
        assert set(after[name]) == {200, 500}
        assert 1 <= after[name].count(500) <= THREADS
    assert "terminating connection due to administrator command" in logs["kept"]


def test_checks_spare_every_request_after_a_restart(restarted):
    """With CONN_HEALTH_CHECKS, all 24 succeed, both with CONN_MAX_AGE and with a pool."""
    _, after, _ = restarted

    assert set(after["kept and checked"]) == {200}
    assert set(after["pool and checked"]) == {200}


def test_default_loses_no_request_after_a_restart(restarted):
    """With CONN_MAX_AGE 0, each request opens a new connection, and all 24 succeed."""
    _, after, _ = restarted

    assert set(after["closed"]) == {200}


def test_pool_of_the_master_gives_workers_nothing(serve):
    """With a query at import and a preloaded app, some of four slow requests return 500.

    Others may never end, because both workers read from the connection that they inherited.
    """
    container = serve(edited(POOL, {'"timeout": 10': '"timeout": 1'}), "--preload", **QUERYING)
    answers = [container.start_get("/query/3/") for _ in range(4)]

    def statuses():
        returned = [answer for answer in answers if answer.done() and not answer.exception()]
        return [answer.result().status_code for answer in returned]

    assert wait_until(lambda: 500 in statuses())
    container.wait_for_log("PoolTimeout")


def test_pool_closed_before_the_fork_serves(postgres, serve):
    """With the page's file, the same app serves requests, and workers share no connection."""
    container = serve(POOL, config=PRELOAD, **QUERYING)
    seen = {}

    def both():
        answer = container.get("/backend/").json()
        seen.setdefault(answer["worker"], set()).add(answer["backend"])
        return len(seen) == 2

    assert wait_until(both)
    first, second = seen.values()
    assert not first & second
    assert postgres.clients(container) <= THREADS


def test_view_that_waits_leaves_its_transaction_idle(postgres, serve, replay):
    """While the view waits, one of four persistent connections is idle in a transaction."""
    container = serve(KEPT)
    assert wait_until(lambda: wave(container) and postgres.clients(container) == THREADS)
    answer = container.start_get("/think/30/")
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    assert wait_until(lambda: postgres.sql(idle) == "1")

    replay(f"{FOLDER}/count.console", db=postgres.container.handle.id)

    assert not answer.done()


def test_idle_limit_ends_the_transaction(serve):
    """With the page's limit, here 1 s instead of a minute, a view that waits longer returns 500."""
    container = serve(edited(IDLE_LIMIT, {"60s": "1s"}))

    assert container.get("/think/0/").status_code == 200
    assert container.get("/think/3/").status_code == 500
    container.wait_for_log("terminating connection due to idle-in-transaction timeout")
