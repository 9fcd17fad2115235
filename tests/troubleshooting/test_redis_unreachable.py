"""The proofs of docs/troubleshooting/redis-unreachable.md."""

import pytest

from harness import PROJECT, ROOT

ENTRY = "troubleshooting/redis-unreachable"
EXEC_FORM = "signals/exec-form.Dockerfile"
PINS = (PROJECT / "requirements.txt").read_text() + "redis==8.1.0\ncelery==5.7.0\n"
SEND = "import celery; celery.Celery().send_task('t', retry=False)"
PROBE = (ROOT / "tests/probes/cached_settings.py", "/app/cached_settings.py", "ro")


@pytest.fixture(scope="module")
def serve(running, build):
    """Return a function that starts the project with a cache's address."""
    image = build(EXEC_FORM, changes={"requirements.txt": PINS})

    def serve(url):
        env = {"DJANGO_SETTINGS_MODULE": "cached_settings", "CACHE_URL": url}
        return running(image, env=env, volumes=[PROBE])

    return serve


def test_refused_cache_fails_the_view(serve, replay):
    """The whole site is cached, but no Redis runs; Gunicorn starts anyway."""
    with serve("redis://127.0.0.1:6379/0") as web:
        assert web.get("/health/").status_code == 500
        web.wait_for_log("Error 111 connecting to 127.0.0.1:6379")
        replay(f"{ENTRY}/line.console", web=web.handle.id)
        replay(f"{ENTRY}/confirm.console", web=web.handle.id)


def test_unknown_name_of_redis_is_not_resolved(serve):
    """No container has the name in the cache's URL."""
    with serve("redis://redis:6379/0") as web:
        assert web.get("/health/").status_code == 500
        web.wait_for_log("connecting to redis:6379")


def test_replica_refuses_what_the_cache_writes(serve, official, running):
    """Without a master, a replica still answers what the view asks, but accepts no write."""
    replica = ["valkey-server", "--replicaof", "127.0.0.1", "1", "--protected-mode", "no"]
    with running(official("valkey/valkey:9.1"), *replica, ready="Ready to accept") as valkey:
        address = f"redis://{valkey.ip_address}:6379/0"
        with serve(address) as web:
            assert web.get("/health/").status_code == 500
            web.wait_for_log("ReadOnlyError: You can't write against a read only replica")


def test_local_memory_needs_no_redis(serve):
    """With local memory as the cache, the same view responds."""
    with serve("") as web:
        assert web.get("/health/").status_code == 200


def test_celery_without_a_broker_setting_uses_its_default(build, inside, run):
    """A task is sent, and a worker started, without an address of a broker."""
    image = build(EXEC_FORM, changes={"requirements.txt": PINS})
    sent = inside(image, "python", "-c", SEND)

    assert "kombu.exceptions.OperationalError: [Errno 111] Connection refused" in sent.output
    line = "consumer: Cannot connect to amqp://guest:**@127.0.0.1:5672//"
    run(image, "celery", "worker", "--pool", "solo", ready=line)
