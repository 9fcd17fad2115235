"""A container with /tmp on a disk that a test can stall."""

from harness import ROOT

IMAGE = "signals/exec-form.Dockerfile"
PROGRAM = (ROOT / "tests/probes/stalling_disk.py").read_text()
TIMEOUT = "4"
ON_DISK = f"""
python -c "$DISK" /tmp &
until grep -q "^disk /tmp " /proc/mounts; do sleep 0.1; done
exec gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket --timeout {TIMEOUT} $OPTIONS
"""
STALL = "touch /run/stalled"


def on_stalling_disk(build, run, *options):
    """Return a container with a ready worker, and with /tmp on a disk that STALL stops.

    PID 1 is --init, which has no file there: killing it ends all others, including the
    disk. Gunicorn as PID 1 would wait for the disk, and neither could be killed.
    """
    disk = {"DISK": PROGRAM, "OPTIONS": " ".join(options)}
    rights = {"cap_add": ["SYS_ADMIN"], "security_options": ["apparmor=unconfined"]}
    container = run(build(IMAGE), "sh", "-c", ON_DISK, env=disk, user="0",
                    init=True, devices=["/dev/fuse"], **rights)  # fmt: skip
    assert container.get("/health/").text == "ok"
    return container
