"""The proofs of docs/secrets.md."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from guide.names import saved
from harness import PROJECT, SNIPPETS
from harness.container import Container
from harness.contract import saved_image
from harness.engine.needs import needs_docker
from harness.load import Load
from harness.texts import edited
from scenarios.production import HOST, POST, images

APP = "signals/exec-form.Dockerfile"
MOUNTED, ARGUMENT, REMOVED = (
    SNIPPETS / f"secrets/{name}.Dockerfile"
    for name in ("with-secret", "wrong-build-argument", "wrong-removed-file")
)
IGNORE = (SNIPPETS / "dockerfile/app.Dockerfile.dockerignore").read_text()
FROM_FILE = (SNIPPETS / "secrets/from-a-file.settings.py").read_text()
SETTINGS = (PROJECT / "core/settings.py").read_text()
CHANGES = {
    "core/settings.py": edited(SETTINGS, {'SECRET_KEY = os.environ["SECRET_KEY"]': FROM_FILE}),
}
KEY = "/run/secrets/secret_key"
CANARY = "canary-5b0e9f27"
ROTATE = SNIPPETS / "secrets/without-downtime.rotate.sh"
CONNECT = "import psycopg, sys; psycopg.connect(sys.argv[1], password=sys.argv[2])"
AS_DJANGO = "host=db dbname=app user=app"
NEVER_HEALTHY = {"core/health.py": "def middleware(get_response):\n    return get_response\n"}
OWNED = [{"source": "secret_key", "uid": "10001", "gid": "10001", "mode": 0o440}]
IGNORED = "secrets `uid`, `gid` and `mode` are not supported, they will be ignored"
MISSING = {
    "docker": b"secret pip.conf: not found",
    "podman": b'secret required but no secret with id "pip.conf" found',
}
PLANTED = {
    "**/.*": {".git/config", "core/.env.local"},
    "**/__pycache__": {"core/__pycache__/settings.cpython-314.pyc"},
    "**/node_modules": {"node_modules/index.js", "theme/node_modules/index.js"},
    "venv": {"venv/pyvenv.cfg"},
    "env": {"env/pyvenv.cfg"},
    "staticfiles": {"staticfiles/site.css"},
    "static_root": {"static_root/site.css"},
    "media": {"media/photo.jpg"},
    "**/*.env": {"web.env", "deploy/web.env"},
    "**/*.key": {"tls.key", "certificates/tls.key"},
    "**/*.p12": {"client.p12"},
    "**/*.pem": {"key.pem", "certificates/key.pem"},
    "**/*.pfx": {"client.pfx"},
    "**/id_ed25519*": {"id_ed25519", "deploy/id_ed25519.pub"},
    "**/id_rsa*": {"id_rsa"},
    "**/secret_key": {"secret_key", "deploy/secret_key"},
    "**/*.db": {"site.db"},
    "**/*.dump": {"site.dump"},
    "**/*.sqlite": {"site.sqlite"},
    "**/*.sqlite3": {"db.sqlite3", "core/test.sqlite3"},
    "*.sql": {"site.sql"},
    "*.sql.gz": {"site.sql.gz"},
    "Dockerfile*": {"Dockerfile", "Dockerfile.dockerignore", "Dockerfile.static"},
    "compose*.yaml": {"compose.yaml", "compose.override.yaml"},
    "docker-compose*.y*ml": {"docker-compose.yml", "docker-compose.override.yaml"},
}
TWO_STAGES = """
FROM python:3.14-slim AS build
ARG SECRET_KEY
RUN test "$SECRET_KEY" && touch /made
FROM scratch
COPY --from=build /made /
"""
INDEX = """
import base64, http.server, io, sys, zipfile
about = {"METADATA": "Metadata-Version: 2.1\\nName: private\\nVersion: 1\\n"}
about |= {"WHEEL": "Wheel-Version: 1.0\\nTag: py3-none-any\\n", "RECORD": ""}
wheel = io.BytesIO()
with zipfile.ZipFile(wheel, "w") as file:
    for name, text in about.items():
        file.writestr(f"private-1.dist-info/{name}", text)
allowed = "Basic " + base64.b64encode(f"reader:{sys.argv[1]}".encode()).decode()
class Index(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers["Authorization"] == allowed
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        link = b"<a href='private-1-py3-none-any.whl'>private-1-py3-none-any.whl</a>"
        self.wfile.write(known * (wheel.getvalue() if self.path.endswith(".whl") else link))
print("Listening", flush=True)
http.server.HTTPServer(("", 8000), Index).serve_forever()
"""


@pytest.fixture
def docker_build(docker, builder):
    """Return a function that runs `docker build` with secrets and arguments."""

    def docker_build(dockerfile, *options, check=True):
        builder.have_bases(dockerfile)
        command = [*docker.client_config.docker_cmd, "build", "--file", dockerfile, *options]
        return subprocess.run(command, check=check, capture_output=True)

    return docker_build


def test_mounted_secret_is_nowhere_in_the_image(build, run, builder, docker, replay, tmp_path):
    """A package comes from an index that requires a token; the token is nowhere in the image."""
    index = run(build(APP), "python", "-c", INDEX, CANARY, ready="Listening")
    host = index.ip_address
    url = f"http://reader:{CANARY}@{host}:8000/simple"
    folder, tag = tmp_path / "project", builder.tag("with-secret")
    plant(folder, {"requirements.txt": f"private==1  # not cached: {builder.run}\n"})
    shutil.copy(MOUNTED, folder / "Dockerfile")
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url={url}\ntrusted-host={host}\n")

    replay("secrets/build.console", cwd=folder, web=tag)

    assert "Version: 1" in docker.run(tag, ["pip", "show", "private"], remove=True)
    assert found_in(docker, tag) == set()


def test_missing_secret_fails_the_build(docker, docker_build):
    """Without --secret, the step that needs the secret fails, and the error shows its name."""
    done = docker_build(MOUNTED, PROJECT, check=False)

    assert done.returncode != 0
    assert MISSING[docker.client_config.client_type] in done.stderr


@pytest.mark.parametrize("line", ["ARG SECRET_KEY", f"ENV SECRET_KEY={CANARY}"])
def test_build_argument_stays_in_the_history(docker, docker_build, builder, tmp_path, line):
    """The image's configuration contains the values of ARG and of ENV."""
    dockerfile, tag = tmp_path / "Dockerfile", builder.tag(f"secret-in-{line[:3].lower()}")
    dockerfile.write_text(edited(ARGUMENT.read_text(), {"ARG SECRET_KEY\n": f"{line}\n"}))

    docker_build(dockerfile, "--build-arg", f"SECRET_KEY={CANARY}", "--tag", tag, PROJECT)

    assert found_in(docker, tag) == {"configuration"}


def test_argument_of_an_earlier_stage_stays_behind(docker, docker_build, builder, tmp_path):
    """The last stage copies from a stage with an ARG, but the value is nowhere in the image."""
    dockerfile, tag = tmp_path / "Dockerfile", builder.tag("secret-in-a-stage")
    dockerfile.write_text(TWO_STAGES)

    docker_build(dockerfile, "--build-arg", f"SECRET_KEY={CANARY}", "--tag", tag, tmp_path)

    assert found_in(docker, tag) == set()


@pytest.mark.docker_only("docker build --check")
def test_build_warns_of_secrets(docker_build, docker):
    """`docker build --check` warns about the ARG, but not about the file that mounts the secret."""
    needs_docker(docker, 27, "docker build --check")
    warned = docker_build(ARGUMENT, "--check", PROJECT, check=False)
    mounted = docker_build(MOUNTED, "--check", PROJECT, check=False)

    assert b"SecretsUsedInArgOrEnv" in warned.stdout
    assert (warned.returncode, mounted.returncode) == (1, 0)


def test_removed_file_stays_in_its_layer(build, docker):
    """A file that one step copies and the next one removes is still in the image."""
    image = build("secrets/wrong-removed-file.Dockerfile", changes={".env": CANARY})

    assert "canary" not in docker.run(image, ["ls", "-a"], remove=True)
    assert found_in(docker, image) == {"layer"}


@pytest.mark.parametrize("line", PLANTED)
def test_each_line_keeps_its_files_out(docker_build, tmp_path, line):
    """Without one of the lines, exactly the files planted for that line get in."""
    plant(tmp_path, dict.fromkeys(set.union(*PLANTED.values()), CANARY))
    dockerfile, ignore = tmp_path / "Dockerfile", tmp_path / "Dockerfile.dockerignore"
    dockerfile.write_text("FROM scratch\nCOPY . /\n")
    ignore.write_text(IGNORE)
    kept_out = files_of(docker_build, dockerfile, tmp_path)
    lines = [line for line in IGNORE.splitlines() if not line.startswith("#")]

    ignore.write_text(edited(IGNORE, {f"\n{line}\n": "\n"}))

    assert lines == list(PLANTED)
    assert files_of(docker_build, dockerfile, tmp_path) - kept_out == PLANTED[line]


def test_ignore_file_serves_one_dockerfile(docker_build, tmp_path):
    """Another Dockerfile in the directory copies .env, unless the file is named .dockerignore."""
    plant(tmp_path, {".env": CANARY, "Dockerfile.dockerignore": IGNORE})
    other = tmp_path / "Dockerfile.other"
    other.write_text("FROM scratch\nCOPY . /\n")
    let_in = files_of(docker_build, other, tmp_path)

    (tmp_path / "Dockerfile.dockerignore").rename(tmp_path / ".dockerignore")

    assert ".env" in let_in
    assert ".env" not in files_of(docker_build, other, tmp_path)


def test_mounted_file_gives_the_key(build, docker, replay, tmp_path):
    """The page's command runs next to a file with the key, and the settings have that key."""
    (tmp_path / "secret_key").write_text(f"{CANARY}\n")
    image = build(APP, changes=CHANGES)

    started = replay("secrets/run.console", cwd=tmp_path, web=image).strip()
    container = Container(docker, docker.container.inspect(started))

    container.wait_for_log("Booting worker")
    printed = "from core.settings import SECRET_KEY as key; print(key)"
    assert container.exec("python", "-c", printed) == CANARY
    other = ["env", "SECRET_KEY=other", "python", "-c", printed]
    assert container.exec(*other) == CANARY
    assert container.get("/health/").status_code == 200


def test_inspect_shows_the_environment(build, run, docker, tmp_path):
    """The output contains the variable's value, but not the mounted file's content."""
    (tmp_path / "secret_key").write_text(CANARY)
    sleep = [build(APP), "sleep", "600"]
    variable = run(*sleep, ready="", env={"SECRET_KEY": CANARY})
    mounted = run(*sleep, ready="", volumes=[(tmp_path / "secret_key", KEY, "ro")])

    inspect = [*docker.client_config.docker_cmd, "inspect"]
    assert CANARY in subprocess.check_output([*inspect, variable.handle.id], text=True)
    assert CANARY not in subprocess.check_output([*inspect, mounted.handle.id], text=True)
    assert mounted.exec("cat", KEY) == CANARY


@pytest.mark.parametrize(("workers", "codes"), [("1", {3}), ("2", {1, 3})])
def test_unreadable_file_ends_gunicorn(build, run, tmp_path, workers, codes):
    """The container's user cannot read the file, with one worker or with two."""
    key = tmp_path / "secret_key"
    key.write_text(CANARY)
    key.chmod(0o600)
    volume = (key, KEY, "ro")
    env = {"SECRET_KEY": "", "WEB_CONCURRENCY": workers}
    container = run(build(APP, changes=CHANGES), ready="", env=env, volumes=[volume])

    assert container.exit_code in codes
    container.wait_for_log(f"PermissionError: [Errno 13] Permission denied: '{KEY}'")


def plant(folder: Path, files):
    """Write texts into a directory, by path."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def files_of(docker_build, dockerfile, context):
    """Return the files that `COPY . /` would put into an image."""
    tar = context.with_suffix(".tar")
    docker_build(dockerfile, "--output", f"type=tar,dest={tar}", context)
    with tarfile.open(tar) as files:
        return {file.name for file in files if file.isfile()}


def found_in(docker, image):
    """Search everything that `docker save` writes; return which parts contain the canary."""
    found = [part for part in saved_image.parts(docker, image) if CANARY.encode() in part]
    return {"configuration" if saved_image.is_json(part) else "layer" for part in found}


@pytest.fixture(scope="module")
def site(producing):
    """Run the site of docs/compose.md with the page's script, once for all of its tests.

    The service `migrate` sets an owner and a mode for one secret, which Compose ignores.
    """
    with producing(services={"migrate": {"secrets": OWNED}}) as site:
        shutil.copy(ROTATE, site.folder / saved(ROTATE.name))
        yield site


def test_rotation_of_the_password_loses_no_request(site):
    """Django reads and writes rows throughout; then the role has only the password in the file."""
    old, url = password(site), f"{site.service('nginx').address}/notes/"
    with Load(url, pause=0.1, **HOST) as get, Load(url, pause=0.1, **POST) as post:
        done = site.shell("./rotate.sh")

    assert done.returncode == 0, done.stdout
    assert {*get.answers, *post.answers} == {200}
    assert password(site) != old
    assert [accepts(site, text) for text in (password(site), old, "")] == [True, False, False]


@pytest.fixture
def broken(site, build):
    """Let the update fail at the new container's health check, in one test."""
    site.release(images(build, NEVER_HEALTHY)["web"])
    yield site
    site.release(images(build)["web"])


def test_failed_rotation_keeps_the_old_password(broken):
    """The new container never becomes healthy: the file, the role and the site are unchanged."""
    site = broken
    old, web = password(site), site.service("web").handle.id

    done = site.shell("./rotate.sh")

    assert done.returncode != 0
    assert password(site) == old
    assert [accepts(site, text) for text in (old, "wrong")] == [True, False]
    assert site.service("web").handle.id == web
    assert site.service("nginx").get("/notes/", **HOST).status_code == 200


def test_compose_ignores_the_owner_of_a_file_secret(site):
    """Compose prints the warning; the file has the owner, group and mode of the host's file."""
    key = (site.folder / ".secrets/secret_key").stat()
    look = ["stat", "--format", "%u %g %a", KEY]

    said = site.run("run", "--rm", "--no-deps", "migrate", *look).splitlines()

    assert any(IGNORED in line for line in said)
    assert said[-1] == f"{key.st_uid} {key.st_gid} {key.st_mode & 0o777:o}"
    assert "10001" not in said[-1].split()
    assert key.st_mode & 0o777 != OWNED[0]["mode"]


def password(site):
    """Return the database password that the reader's file contains."""
    return (site.folder / ".secrets/db_password").read_text().strip()


def accepts(site, text):
    """Whether PostgreSQL accepts a password from Django's container."""
    web = site.service("web")
    docker = [*map(str, web.docker.client_config.docker_cmd), "exec", web.handle.id]
    python = [*docker, "python", "-c", CONNECT, AS_DJANGO, text]
    done = subprocess.run(python, check=False, capture_output=True)
    refused = b"authentication failed" in done.stderr or b"no password supplied" in done.stderr
    assert refused == (done.returncode != 0), done.stderr
    return not refused
