"""The proofs of docs/existing-docker-files.md."""

import re
import shlex
import subprocess

from harness import ROOT
from harness.texts import edited

PAGE = (ROOT / "docs/existing-docker-files.md").read_text()
[GIVE] = re.findall(r"`docker (run [^`]+ chown [^`]+)`", PAGE)
TOUCH = "touch /data/db.sqlite3 /data/media/1.txt 2>&1; true"


def test_command_gives_an_old_volume_to_the_new_user(docker, app_image, official, new_volume, run):
    """A container of another image, as root, filled the volume; then the page's command runs."""
    data = {"ready": "", "volumes": [(new_volume, "/data")]}
    old = run(official("python:3.14-slim"), "sh", "-c", f"mkdir /data/media; {TOUCH}", **data)
    assert old.exit_code == 0
    web = run(app_image, "sleep", "600", **data)
    before = web.exec("sh", "-c", TOUCH)

    give = edited(GIVE, {"web-data": new_volume, " web ": f" {app_image} "})
    subprocess.run([*docker.client_config.docker_cmd, *shlex.split(give)], check=True)

    assert before.count("Permission denied") == 2
    assert web.exec("sh", "-c", TOUCH) == ""


def test_older_ignore_file_is_not_read(builder, tmp_path):
    """Each of the two ignore files keeps one file out; only that of the new one stays out."""
    texts = {"Dockerfile.dockerignore": "new.txt\n", ".dockerignore": "own.txt\n"}
    texts |= {"new.txt": "new", "own.txt": "own"}

    copied = builder.files("FROM scratch\nCOPY . /\n", texts, tmp_path)

    assert (copied / "own.txt").exists()
    assert not (copied / "new.txt").exists()
