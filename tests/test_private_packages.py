"""The proofs of docs/private-packages.md."""

import re
import shutil
import uuid

import pytest

from harness import PROBES, PROJECT, SCENARIOS, SNIPPETS
from harness.contract import saved_image
from harness.texts import edited
from scenarios.layers import instructions
from scenarios.locked import UV

APP, SSH = "dockerfile/app.Dockerfile", "private-packages/ssh.Dockerfile"
IGNORE = "dockerfile/app.Dockerfile.dockerignore"
PINS = (PROJECT / "requirements.txt").read_text()
LINE = "--mount=type=secret,id=netrc,target=/root/.netrc,required=true \\\n"
CACHE = "--mount=type=cache,target=/root/.cache/uv"
INDEX = (PROBES / "private_index.py").read_text()
FORM = (SNIPPETS / "private-packages/company.pyproject.toml").read_text()
NETRC = (SNIPPETS / "private-packages/token.netrc").read_text()
VERSION = "from importlib.metadata import version; print(version('shop'))"
LOCK = """
FROM python:3.14-slim AS lock
WORKDIR /app
COPY pyproject.toml .
RUN --mount=from=ghcr.io/astral-sh/uv:0.13.8,source=/uv,target=/bin/uv \\
    --mount=type=secret,id=netrc,target=/root/.netrc uv lock
FROM scratch
COPY --from=lock /app/uv.lock /
"""


@pytest.fixture
def docker_build(builder):
    """Return a function that runs `docker build` in a directory, and returns its output."""

    def docker_build(folder, *options):
        return builder.build_aloud(folder / "Dockerfile", folder, *options)

    return docker_build


@pytest.fixture
def server(builder, run):
    """Run a Git server over SSH that has the package."""
    builder.have_bases(SCENARIOS / "git_server.Dockerfile")
    image = builder.build(SCENARIOS / "git_server.Dockerfile", project=SCENARIOS)
    return run(image, ready="Server listening", publish_all=False)


@pytest.fixture
def project(server, tmp_path):
    """Write a reader's project that needs the server's package, with the key next to it."""
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    shutil.copy(SNIPPETS / SSH, folder / "Dockerfile")
    shutil.copy(SNIPPETS / IGNORE, folder / ".dockerignore")
    asked = f"shop @ git+ssh://git@{server.ip_address}/home/git/shop@v1.2\n"
    (folder / "requirements.txt").write_text(f"{PINS}{asked}# {uuid.uuid4()}\n")
    public = server.exec("cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    (folder / "known_hosts").write_text(f"{server.ip_address} {public}\n")
    key = tmp_path / "deploy_key"
    key.write_text(f"{server.exec('cat', '/deploy_key')}\n")
    key.chmod(0o600)
    return folder


@pytest.fixture
def built(project, replay, builder):
    """Run the page's command in that project, and return the image."""
    tag = builder.tag(uuid.uuid4().hex)
    replay("private-packages/build-with-ssh.console", cwd=project, web=tag)
    return tag


@pytest.mark.docker_only("docker build --ssh with a key file")
def test_package_comes_over_ssh(built, run, server):
    """The package is installed, the server has received the key, and the page has a hashed link."""
    web = run(built)

    assert web.exec("python", "-c", VERSION) == "1.2"
    server.wait_for_log("Accepted publickey for git")
    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", web.get("/").text)
    assert web.get("/whoami/").json()["uid"] == 10001


@pytest.mark.docker_only("docker build --ssh with a key file")
def test_key_and_git_stay_out(built, docker, inside, project):
    """No layer has a line of the key, and the image has neither Git nor SSH."""
    secret = (project.parent / "deploy_key").read_text().splitlines()[2].encode()

    assert inside(built, "sh", "-c", "command -v git ssh; echo end").output.split() == ["end"]
    assert not any(secret in part for part in saved_image.parts(docker, built))


@pytest.mark.docker_only("docker build --ssh with a key file")
def test_build_without_ssh_fails(docker_build, project):
    """The error comes from the step that needs SSH."""
    done = docker_build(project)

    assert done.returncode == 1
    assert "unset ssh forward key default" in done.stderr


@pytest.mark.docker_only("docker build --ssh with a key file")
def test_unknown_server_is_refused(docker_build, project, server):
    """The file has the wrong key for the server's address, the client's key."""
    other = server.exec("cat", "/deploy_key.pub")
    (project / "known_hosts").write_text(f"{server.ip_address} {other}\n")

    done = docker_build(project, "--ssh", f"default={project.parent / 'deploy_key'}")

    assert done.returncode == 1
    assert "Host key verification failed" in done.stderr


@pytest.fixture
def with_index(build, run, docker_build, tmp_path):
    """Write a reader's project, locked, with a package from an index and the token next to it."""
    token = f"canary-{uuid.uuid4().hex}"
    small = build("signals/exec-form.Dockerfile")
    index = run(small, "python", "-c", INDEX, token, "shop", "1.2", ready="Listening")
    address = f"http://{index.ip_address}:8000/simple"
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    shutil.copy(SNIPPETS / IGNORE, folder / ".dockerignore")
    packages = {'"django==6.1.3", "gunicorn==27.0.1"': ", ".join(f'"{pin}"' for pin in direct())}
    form = edited(FORM, {"https://packages.example.com/simple": address, **packages})
    (folder / "pyproject.toml").write_text(f"{form}# not cached: {uuid.uuid4()}\n")
    login = {"packages.example.com": index.ip_address, "your-token": token}
    (tmp_path / "netrc").write_text(edited(NETRC, login))
    (folder / "Dockerfile").write_text(LOCK)
    secret = f"id=netrc,src={tmp_path / 'netrc'}"
    locked = docker_build(folder, "--secret", secret, "--output", folder)
    assert locked.returncode == 0, locked.stderr
    uv = edited((SNIPPETS / UV).read_text(), {CACHE: f"{LINE}    {CACHE}"})
    (folder / "Dockerfile").write_text(uv)
    return folder


def test_uv_installs_from_a_private_index(with_index, replay, builder, docker, run):
    """With the page's command, the package is installed, and no layer contains the token."""
    tag, login = builder.tag(uuid.uuid4().hex), (with_index.parent / "netrc").read_bytes()
    token = login.split()[-1]

    replay("private-packages/build-with-netrc.console", cwd=with_index, web=tag)

    web = run(tag)
    assert web.exec("python", "-c", VERSION) == "1.2"
    assert re.search(r"/static/core/site\.[0-9a-f]{12}\.css", web.get("/").text)
    assert not any(token in part for part in saved_image.parts(docker, tag))


def test_uv_build_without_the_secret_fails(with_index, docker_build):
    """The error comes from the step that needs the secret."""
    done = docker_build(with_index)

    assert done.returncode != 0
    assert "netrc" in done.stderr


def test_changed_secret_keeps_the_cache(with_index, docker_build):
    """The index would reject the second token, and the third build has none."""
    login = with_index.parent / "netrc"
    options = ["--secret", f"id=netrc,src={login}"]
    first = docker_build(with_index, *options)
    login.write_text(re.sub("password .*", "password another", login.read_text()))

    second, third = docker_build(with_index, *options), docker_build(with_index)

    assert "Installed" in first.stderr
    for done in second, third:
        assert done.returncode == 0
        assert "Installed" not in done.stderr


@pytest.mark.docker_only("a build's secret in an environment variable")
def test_uv_does_not_combine_user_and_password(with_index, docker_build):
    """With the user in the URL, the index rejects the login; with both variables, it does not."""
    login = (with_index.parent / "netrc").read_text().split()
    (with_index.parent / "token").write_text(login[-1])
    asked = (with_index / "pyproject.toml").read_text()
    (with_index / "pyproject.toml").write_text(asked.replace("http://", "http://reader@"))
    mount = "--mount=type=secret,id=token,env=UV_INDEX_COMPANY_PASSWORD"
    both = edited(LOCK, {"--mount=type=secret,id=netrc,target=/root/.netrc": mount})
    options = ["--secret", f"id=token,src={with_index.parent / 'token'}"]

    (with_index / "Dockerfile").write_text(both)
    refused = docker_build(with_index, *options)
    named = {"uv lock": "UV_INDEX_COMPANY_USERNAME=reader uv lock"}
    (with_index / "Dockerfile").write_text(edited(both, named))

    assert refused.returncode == 1
    assert "401 Unauthorized" in refused.stderr
    assert docker_build(with_index, *options).returncode == 0


def test_ssh_stage_is_all_that_is_new():
    """Of the app image's instructions, only pip's is missing."""
    app, new = (instructions(SNIPPETS / name) for name in (APP, SSH))

    [missing] = [line for line in app if line not in new]
    assert "pip install --requirement requirements.txt" in missing


def direct():
    """Return the direct dependencies of the sample project."""
    return PINS.partition("#")[0].split()
