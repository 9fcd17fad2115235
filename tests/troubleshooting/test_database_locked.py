"""The proofs of docs/troubleshooting/database-locked.md."""

ENTRY = "troubleshooting/database-locked"
DATABASE = {"DATABASE_URL": "sqlite:////tmp/db.sqlite3?timeout=1"}
LOCK_AND_ASK = """
import socket, sqlite3, time
lock = sqlite3.connect("/tmp/db.sqlite3", isolation_level=None)
lock.execute("BEGIN EXCLUSIVE")
client = socket.create_connection(("127.0.0.1", 8000))
client.sendall(b"GET /notes/ HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n")
time.sleep(600)
"""
JOB = ["sh", "-c", 'printf %s "$0" > /tmp/import.py; exec python /tmp/import.py', LOCK_AND_ASK]
KILL = 'kill $(grep -o "WRITE [0-9]*" /proc/locks | cut -c 7-)'


def test_locks_of_the_kernel_lead_to_the_writer(plain_image, run, replay):
    """Another process in the container has the lock; when it is killed, the error is gone."""
    container = run(plain_image, env=DATABASE)
    job = container.background.submit(container.exec, *JOB)
    container.wait_for_log("OperationalError: database is locked", count=2)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    container.exec("sh", "-c", KILL)
    assert job.exception()
    container.get("/notes/")
    log = container.wait_for_log("no such table: core_note")
    assert "no such table: core_note" in log.rpartition("database is locked")[2]
