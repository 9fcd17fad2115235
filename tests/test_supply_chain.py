"""The proofs of docs/supply-chain.md."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from harness import PROJECT, SNIPPETS
from harness.texts import edited

APP = "signals/exec-form.Dockerfile"
FILES = SNIPPETS / "supply-chain"
SCHEMAS = {"weekly.dependabot.yml": "dependabot", "pins-digests.renovate.json": "renovate"}
BROKEN = {
    "weekly.dependabot.yml": ("ecosystem: docker", "ecosystem: containers"),
    "pins-digests.renovate.json": ('"7 days"', "7"),
}
INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps({d.name.lower(): d.version for d in distributions() if d.name != "pip"}))
"""
ARGUMENT, SECRET = "canary-of-an-argument", "canary-of-a-secret"
NO_IMAGE = ["--output", "type=cacheonly"]
# How the containerd store, the classic store and Podman reject a manifest's wrong digest.
OTHER_BYTES = re.compile(b"unexpected commit digest|verification failed|does not match")
WITH_BOTH = """
FROM python:3.14-slim
ARG argument
RUN --mount=type=secret,id=key,required=true test "$argument"
"""
LOCKED = """
[project]
name = "locked"
version = "1"
requires-python = ">=3.11"
dependencies = ["iniconfig==2.3.1"]
"""


@pytest.fixture
def docker_build(docker, tmp_path):
    """Return a function that builds a Dockerfile's text in a separate directory.

    For a registry without TLS at 127.0.0.1, Podman needs an option, but Docker does not.
    """
    plain = ["--tls-verify=false"] if docker.client_config.client_type == "podman" else []

    def docker_build(text, *options, **environ: str):
        (tmp_path / "Dockerfile").write_text(text)
        command = [*docker.client_config.docker_cmd, "build", *plain, *options, tmp_path]
        return subprocess.run(command, check=False, env=os.environ | environ, capture_output=True)

    return docker_build


@pytest.fixture
def registry(build, run):
    """Run a registry whose tag `base:1` is an image with the word "first", until it moves."""
    return run(build(APP), "python", "-c", REGISTRY, ready="Listening")


def test_tag_moves_and_digest_stays(registry, docker_build, tmp_path):
    """The same two lines are built before and after the registry moves the tag."""
    tag = f"{registry.address.removeprefix('http://')}/base:1"
    pinned = f"{tag}@{registry.get('/digest').text}"
    before = [word_of(docker_build, name, tmp_path) for name in (tag, pinned)]

    registry.get("/move")

    assert before == ["first", "first"]
    after = [word_of(docker_build, name, tmp_path) for name in (tag, pinned)]
    assert after == ["second", "first"]


def test_other_bytes_for_a_digest_are_refused(registry, docker_build, tmp_path):
    """The registry responds with the second image for the digest of the first."""
    digest = registry.get("/digest").text
    base = f"{registry.address.removeprefix('http://')}/forged@{digest}"

    done = docker_build(f"FROM {base}", "--pull", "--output", f"type=tar,dest={tmp_path}/tar")

    assert done.returncode != 0
    assert OTHER_BYTES.search(done.stderr), done.stderr.decode()


@pytest.mark.parametrize("name", SCHEMAS)
def test_configurations_fit_their_schemas(name):
    """The schemas are those that check-jsonschema includes for each service."""
    assert lint(FILES / name, SCHEMAS[name]).returncode == 0


@pytest.mark.parametrize("name", SCHEMAS)
def test_broken_configuration_is_refused(name, tmp_path):
    """One value is not supported by the service."""
    before, after = BROKEN[name]
    (tmp_path / name).write_text(edited((FILES / name).read_text(), {before: after}))

    done = lint(tmp_path / name, SCHEMAS[name])

    assert done.returncode == 1
    assert after.removeprefix("ecosystem: ") in done.stdout


def test_pip_refuses_a_changed_package(build, docker):
    """A package is installed by its hash; after a change to its file, pip rejects it."""
    codes, said = json.loads(docker.run(build(APP), ["python", "-c", HASHES], remove=True))

    assert codes == [0, 1]
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in said


def test_uv_refuses_a_changed_hash(tmp_path):
    """A lock file is created and synchronized; with another hash in it, uv rejects the wheel."""
    (tmp_path / "pyproject.toml").write_text(LOCKED)
    lock = tmp_path / "uv.lock"
    codes = [uv(tmp_path, "lock").returncode, uv(tmp_path, "sync", "--locked").returncode]
    lock.write_text(re.sub("sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", lock.read_text()))
    shutil.rmtree(tmp_path / ".venv")

    done = uv(tmp_path, "sync", "--locked")

    assert [*codes, done.returncode] == [0, 0, 1]
    assert "Hash mismatch" in done.stderr


def test_list_names_every_package(build, run, replay, tmp_path):
    """The SBOM has exactly the packages and versions that Python finds inside, except pip."""
    image = build(APP)
    replay("supply-chain/packages.console", cwd=tmp_path, web=image)

    listed = json.loads((tmp_path / "sbom.json").read_text())
    inside = run(image, "python", "-c", INSTALLED, ready="}").logs()
    assert listed["bomFormat"] == "CycloneDX"
    assert {c["name"].lower(): c["version"] for c in listed["components"]} == json.loads(inside)


@pytest.mark.docker_only("docker build --metadata-file")
def test_metadata_names_the_base(builder, replay, tmp_path):
    """The page's command runs next to a Dockerfile."""
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    shutil.copy(SNIPPETS / APP, tmp_path / "Dockerfile")
    builder.have_bases(SNIPPETS / APP)

    replay("supply-chain/bases.console", cwd=tmp_path, web=builder.tag("with-metadata"))

    [base] = provenance_in(tmp_path / "build.json")["materials"]
    assert base["uri"].startswith("pkg:docker/python@3.14-slim")
    assert re.fullmatch("[0-9a-f]{64}", base["digest"]["sha256"])


@pytest.mark.docker_only("docker build --metadata-file")
@pytest.mark.parametrize("mode", ["min", "max"])
def test_metadata_tells_arguments_and_no_secret(builder, docker_build, tmp_path, mode):
    """The file contains an argument's value, but only the name of a mounted secret."""
    builder.have_bases(SNIPPETS / APP)
    file, environ = tmp_path / "build.json", {"BUILDX_METADATA_PROVENANCE": mode}
    options = ["--build-arg", f"argument={ARGUMENT}", "--secret", "id=key"]
    options += ["--metadata-file", file]

    done = docker_build(WITH_BOTH, *options, *NO_IMAGE, key=SECRET, **environ)

    assert done.returncode == 0, done.stderr.decode()
    assert ARGUMENT in file.read_text()
    assert SECRET not in file.read_text()
    assert provenance_in(file)["invocation"]["parameters"]["secrets"] == [{"id": "key"}]


@pytest.mark.docker_only("docker build --provenance and --sbom")
def test_attestations_need_the_containerd_store(docker, docker_build):
    """The classic store refuses both options; the containerd store accepts provenance."""
    command = [*docker.client_config.docker_cmd, "info", "--format", "{{json .DriverStatus}}"]
    containerd = "io.containerd.snapshotter" in subprocess.check_output(command, text=True)
    flags = ["--provenance=true"] if containerd else ["--provenance=true", "--sbom=true"]

    for flag in flags:
        done = docker_build("FROM scratch\nCOPY Dockerfile /", flag, *NO_IMAGE)
        assert (done.returncode == 0) == containerd
        assert (b"Attestation is not supported" in done.stderr) != containerd


REGISTRY = """
import hashlib, http.server, io, json, os, platform, tarfile
OCI = "application/vnd.oci.image."
kept = {}
def keep(content, kind):
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    kept[digest] = content
    return {"mediaType": OCI + kind, "digest": digest, "size": len(content)}
def image(word):
    word += os.urandom(8).hex().encode()  # no engine has seen it before
    layer, file = io.BytesIO(), tarfile.TarInfo("word")
    file.size = len(word)
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.addfile(file, io.BytesIO(word))
    layer = keep(layer.getvalue(), "layer.v1.tar")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    config = {"os": "linux", "architecture": machine}
    config["rootfs"] = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = keep(json.dumps(config).encode(), "config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json"}
    manifest |= {"config": config, "layers": [layer]}
    return keep(json.dumps(manifest).encode(), "manifest.v1+json")["digest"]
first, second = image(b"first "), image(b"second ")
tagged = first
class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global tagged
        path = self.path.partition("?")[0]
        name = path.rpartition("/")[2]
        if path == "/move":
            tagged = second
        digest = tagged if name == "1" else second if "/forged/manifests/" in path else name
        content = first.encode() if path == "/digest" else kept.get(digest, b"{}")
        self.send_response(200)
        self.send_header("Content-Length", len(content))
        if "/manifests/" in path:
            self.send_header("Content-Type", OCI + "manifest.v1+json")
            self.send_header("Docker-Content-Digest", name if "/forged/" in path else digest)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)
    do_HEAD = do_GET
server = http.server.ThreadingHTTPServer(("", 8000), Registry)
print("Listening", flush=True)
server.serve_forever()
"""
HASHES = """
import hashlib, json, subprocess, zipfile
wheel, requirements = "/tmp/private-1-py3-none-any.whl", "/tmp/requirements.txt"
about = {"METADATA": "Metadata-Version: 2.1\\nName: private\\nVersion: 1\\n"}
about |= {"WHEEL": "Wheel-Version: 1.0\\nTag: py3-none-any\\n", "RECORD": ""}
with zipfile.ZipFile(wheel, "w") as file:
    for name, text in about.items():
        file.writestr(f"private-1.dist-info/{name}", text)
digest = hashlib.sha256(open(wheel, "rb").read()).hexdigest()
open(requirements, "w").write(f"private==1 --hash=sha256:{digest}")
install = "pip install --no-index --find-links /tmp --target /tmp/packages".split()
install += ["--requirement", requirements]
def pip():
    return subprocess.run(install, capture_output=True, text=True)
before = pip()
with zipfile.ZipFile(wheel, "a") as file:
    file.writestr("private.py", "changed = True")
after = pip()
print(json.dumps([[before.returncode, after.returncode], after.stderr]))
"""


def word_of(docker_build, base, folder):
    """Build from a base, and return the content of its file `word`."""
    tar = folder / "tar"
    done = docker_build(f"FROM {base}", "--pull", "--output", f"type=tar,dest={tar}")
    assert done.returncode == 0, done.stderr.decode()
    with tarfile.open(tar) as files:
        return files.extractfile("word").read().decode().split()[0]


def lint(path, schema):
    """Check a file against a service's schema."""
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [program, "--builtin-schema", f"vendor.{schema}", path]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def uv(folder, *command):
    """Run uv in a directory, but not in the environment of these tests."""
    environ = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    command = [os.environ.get("UV", "uv"), *command]
    return subprocess.run(command, check=False, cwd=folder, env=environ,
                          capture_output=True, text=True)  # fmt: skip


def provenance_in(path):
    """Return the provenance in a metadata file from Buildx."""
    return json.loads(path.read_text())["buildx.build.provenance"]
