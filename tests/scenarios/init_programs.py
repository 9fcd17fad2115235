"""What can be PID 1 instead of Gunicorn: shells and init programs."""

from harness import PROJECT

EXEC_FORM = "signals/exec-form.Dockerfile"
LINE = "gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
SH, BASH = ["/bin/sh", "-c"], ["/bin/bash", "-c"]  # the first of these is Docker's shell form
GROUP = {"TINI_KILL_PROCESS_GROUP": "1"}
PINS = (PROJECT / "requirements.txt").read_text()
WITH_DUMB_INIT = {
    "changes": {"requirements.txt": f"{PINS}dumb-init==1.2.5\n"},
    "files": ["signals/wrong-script-without-exec.entrypoint.sh"],
}
