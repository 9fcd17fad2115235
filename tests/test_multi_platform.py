"""The proofs of docs/multi-platform.md."""

import json
import re
import subprocess
import tomllib

import pytest

from harness import SNIPPETS
from harness.texts import edited
from scenarios.frontend import FILE, with_vite

BOTH = "linux/amd64,linux/arm64"


@pytest.mark.docker_only("two image stores")
def test_two_platforms_need_the_containerd_store(docker, tmp_path):
    """An image that needs no emulator builds for both platforms if the store supports it."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    docker_cmd = docker.client_config.docker_cmd
    status = [*docker_cmd, "info", "--format", "{{json .DriverStatus}}"]
    containerd = "io.containerd.snapshotter" in subprocess.check_output(status, text=True)

    command = [*docker_cmd, "build", "--platform", BOTH, "--output", "type=image", tmp_path]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert (done.returncode == 0) == containerd, done.stderr
    if not containerd:
        assert "Multi-platform build is not supported for the docker driver" in done.stderr


@pytest.mark.parametrize(("tool", "key"), [("uv", "wheels"), ("poetry", "files")])
def test_uv_lock_has_both_platforms(locked, poetry_locked, tool, key):
    """The package with a C extension has wheels for both platforms, each with its hash."""
    folder = locked if tool == "uv" else poetry_locked
    lock = tomllib.loads((folder / f"{tool}.lock").read_text())
    [psycopg] = [p for p in lock["package"] if p["name"] == "psycopg-binary"]

    for machine in "x86_64", "aarch64":
        hashes = [w["hash"] for w in psycopg[key] if re.search(f"linux.*{machine}", json.dumps(w))]
        assert hashes
        assert all(value.startswith("sha256:") for value in hashes)


def test_frontend_stage_can_stay_native(build, run, tmp_path):
    """With the page's line, the image serves the page that links to the bundle."""
    native = "FROM --platform=$BUILDPLATFORM node:24-trixie-slim AS frontend"
    dockerfile = tmp_path / "native.Dockerfile"
    text = edited((SNIPPETS / FILE).read_text(), {"FROM node:24-trixie-slim AS frontend": native})
    dockerfile.write_text(text)

    page = run(build(dockerfile, changes=with_vite())).get("/").text

    assert re.search(r"/static/main\.[0-9a-f]{12}\.js", page)
