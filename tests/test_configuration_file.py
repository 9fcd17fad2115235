"""The proofs of docs/configuration-file.md."""

import json
import re

from harness import SNIPPETS

READS_FILE = "configuration-file/reads-file.Dockerfile"
FILE = "configuration-file/container.gunicorn.conf.py"
COPIED = (SNIPPETS / "configuration-file/wrong-copied.gunicorn.conf.py").read_text()
NOTHING = "--config python:core"  # a module that sets nothing, instead of the file
OTHERS = {  # next to the page's file, in the image that all of these tests share
    "copied.py": COPIED,
    "misspelt.py": "worker = 4\nThreads = 4\n",
    "broken.py": "workers = \n",
    "unfit.py": 'workers = "many"\n',
}
GUNICORN = ["gunicorn", "core.wsgi"]
CHECK = 'for file; do gunicorn core.wsgi --check-config --config "$file"; echo "$file: $?"; done'
END = "that is all"
PRINT = f"""
set -e
for flags; do
  gunicorn core.wsgi --print-config $flags
  echo {END}
done
"""
LISTEN = """
import socket, urllib.request
listener = socket.socket(type=socket.SOCK_DGRAM)
listener.bind(("127.0.0.1", 8125))
listener.settimeout(30)
urllib.request.urlopen("http://127.0.0.1:8000/health/")
while b"requests" not in (packet := listener.recv(1000)):
    pass
print(packet.decode())
"""


def test_file_in_the_working_directory_is_found(build, run):
    """CMD does not name the file, but its address, threads and access log apply."""
    container = run(image_of(build))

    assert container.get("/health/").text == "ok"
    container.wait_for_log("Using worker: gthread")
    assert "GET /health/" in container.wait_for_log("GET /health/")


def test_file_does_what_the_flags_do(build, run):
    """Every setting equals that of the app image's options, except for the file's name."""
    dockerfile = (SNIPPETS / "dockerfile/app.Dockerfile").read_text().replace("\\\n", "")
    flags = " ".join(json.loads(re.search(r"CMD (.*)", dockerfile)[1])[2:])

    with_file, with_flags = print_configs(run, image_of(build), "", f"{NOTHING} {flags}")

    assert with_file.pop("config") != with_flags.pop("config")
    assert with_file == with_flags


def test_missing_file_stops_gunicorn_only_if_named(build, run):
    """Gunicorn exits if --config names a missing file; without the option, it uses its defaults."""
    named = run(image_of(build), *GUNICORN, "--config", "nosuch.py", ready="doesn't exist")
    command = ["env", "PYTHONPATH=/app", *GUNICORN]
    unnamed = run(image_of(build), *command, workdir="/")

    assert named.exit_code == 1
    unnamed.wait_for_log("Listening at: http://127.0.0.1:8000")


def test_misspelt_name_in_the_file_is_ignored(build, run):
    """Neither an unknown nor a capitalized name changes a setting."""
    flags = ["--config misspelt.py", NOTHING]

    misspelt, nothing = print_configs(run, image_of(build), *flags)

    assert misspelt.pop("config") != nothing.pop("config")
    assert misspelt == nothing


def test_check_config_finds_a_broken_file(build, run):
    """With a syntax error or an invalid value, the check exits with 1; a misspelled name passes."""
    codes = {"broken.py": "1", "unfit.py": "1", "misspelt.py": "0", "gunicorn.conf.py": "0"}

    container = run(image_of(build), "sh", "-c", CHECK, "sh", *codes, ready="")

    assert container.exit_code == 0
    assert dict(re.findall(r"(?m)^(\S+\.py): (\d)$", container.logs())) == codes
    container.wait_for_log("Failed to read config file: broken.py")
    container.wait_for_log("Invalid value for workers: many")


def test_check_config_loads_the_application(build, run):
    """The check reports a module that does not exist."""
    container = run(image_of(build), "gunicorn", "core.nosuch", "--check-config", ready="")

    assert container.exit_code == 1
    container.wait_for_log("No module named 'core.nosuch'")


def test_copied_file_restates_defaults(build, run):
    """Only six of the settings in the file differ from Gunicorn's defaults."""
    copied, default = print_configs(run, image_of(build), "--config copied.py", NOTHING)

    set_by_file = set(re.findall(r"(?m)^(\w+) = ", COPIED))
    changed = {name for name in set_by_file if copied[name] != default[name]}
    logging, metrics = {"accesslog", "proc_name"}, {"statsd_host", "statsd_prefix"}
    assert changed == {"bind", "workers", *logging, *metrics}
    assert len(set_by_file) > 2 * len(changed)


def test_statsd_on_localhost_is_the_container(build, run):
    """A program that listens on the file's port inside the container receives the metrics."""
    container = run(image_of(build), *GUNICORN, "--config", "copied.py", "--workers", "1")

    assert container.exec("python", "-c", LISTEN).startswith("shop.gunicorn.requests:1")


def test_instrument_brings_nothing(build, run):
    """The module does not define any names."""
    names = "from gunicorn import instrument; print([n for n in vars(instrument) if n[0] != '_'])"
    container = run(image_of(build), "python", "-c", names, ready="")

    assert container.exit_code == 0
    assert container.logs().strip() == "[]"


def test_buffered_print_of_a_hook_is_repeated(build, run):
    """The worker inherits the buffered line, and prints it again."""
    command = [*GUNICORN, "--config", "copied.py", "--workers", "1"]
    buffered = run(image_of(build), *command, env={"PYTHONUNBUFFERED": ""})
    unbuffered = run(image_of(build), *command)
    early = buffered.wait_for_log("Booting worker")
    for container in buffered, unbuffered:
        container.get("/health/")
        container.stop(grace=60)

    assert "Gunicorn starts" not in early
    assert buffered.logs().count("Gunicorn starts") == 2
    assert unbuffered.logs().count("Gunicorn starts") == 1


def test_abort_hook_runs_on_a_timeout_alone(build, run):
    """A request that exceeds the timeout triggers the hook; SIGKILL does not."""
    flags = ["--workers", "1", "--timeout", "4"]
    container = run(image_of(build), *GUNICORN, "--config", "copied.py", *flags)
    container.get("/sleep/60/")
    after_timeout = container.wait_for_log("Booting worker", count=2)
    container.get("/health/")
    pid = re.findall(r"with pid: (\d+)", after_timeout)[-1]
    container.exec("sh", "-c", f"kill -KILL {pid}")
    after_kill = container.wait_for_log("Booting worker", count=3)

    assert after_timeout.count("is aborted") == 1
    assert after_kill.count("is aborted") == 1


def image_of(build):
    """Return the page's image, with the other files next to its own."""
    return build(READS_FILE, files=[FILE], changes=OTHERS)


def print_configs(run, image, *flags):
    """Return the settings that Gunicorn would use, for each of these option lines."""
    container = run(image, "sh", "-c", PRINT, "sh", *flags, ready="")
    assert container.exit_code == 0
    printed = container.logs().split(END)[:-1]
    return [dict(re.findall(r"(?m)^(\w+) += (.*)$", settings)) for settings in printed]
