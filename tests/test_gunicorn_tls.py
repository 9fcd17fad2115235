"""The proofs of docs/gunicorn-tls.md."""

import shutil
import ssl
import subprocess

import httpx
import pytest

from harness import ENVIRONMENT, PROBES, PROJECT
from harness.container import PATIENCE, Container
from harness.texts import edited

PLAIN = "signals/exec-form.Dockerfile"
COMPOSE = "gunicorn-tls/own-certificate.compose.yaml"
SERVE = "gunicorn core.wsgi --bind 0.0.0.0:8000 --no-control-socket"
FILES = "--certfile /run/tls/cert.pem --keyfile"
KEY = "/run/tls/key.pem"
AS_NOBODY = "exec setpriv --reuid nobody --clear-groups"
CLIENT = (PROBES / "http_2.py").read_text()
PINS = (PROJECT / "requirements.txt").read_text()
WITH_HTTP_2 = {"requirements.txt": edited(PINS, {"gunicorn==": "gunicorn[http2]=="})}
HTTP_2 = "--http-protocols h2,h1"
OPENSSL = [
    *("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"),
    *("ec_paramgen_curve:prime256v1", "-subj", "/CN=test", "-addext"),
    *("subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"),
]


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """Return a directory with a certificate, and a key that everyone can read."""
    folder = tmp_path_factory.mktemp("beside") / "tls"
    folder.mkdir()
    return issue(folder)


@pytest.fixture
def serve(build, run, tls):
    """Return a function that runs Gunicorn with the certificate and more options."""

    def serve(*flags: str, key: str = KEY, before: str = "", **options: object) -> Container:
        image = build(PLAIN, changes=options.pop("changes", None))
        command = f"{before} {SERVE} {FILES} {key} {' '.join(flags)}"
        volumes = [(options.pop("folder", tls), "/run/tls", "ro")]
        return run(image, "sh", "-c", command, volumes=volumes, **options)

    return serve


def test_gunicorn_speaks_https(app_image, stack, tls):
    """The page's Compose service responds over HTTPS without a header that says so."""
    compose = stack(COMPOSE, {"web": {"image": app_image, "ports": ["8443"]}})
    shutil.copytree(tls, compose.folder / "tls")
    compose.up()
    web = compose.service("web")
    web.wait_for_log("Booting worker")

    seen = get(web, tls, "/echo/").json()

    assert seen["is_secure"]
    assert not [name for name in seen["headers"] if name.startswith("X-")]


def test_plain_http_gets_no_answer(serve, replay):
    """The client sees a closed connection, and the log shows the reason."""
    container = serve()
    container.wait_for_log("Booting worker")

    with pytest.raises(httpx.TransportError):
        container.get("/health/")

    container.wait_for_log("Invalid request")
    replay("gunicorn-tls/plain-http.console", web=container.handle.id)


@pytest.mark.parametrize(("owner", "answers"), [("root", False), ("nobody", True)])
def test_unreadable_key_fails_each_connection(serve, tls, owner, answers):
    """Only its owner can read the key; the container keeps running, regardless of the owner."""
    before = f"install --mode 400 --owner {owner} {KEY} /tmp/key.pem; {AS_NOBODY}"
    container = serve("--threads 2", key="/tmp/key.pem", before=before, user="root")
    container.wait_for_log("Booting worker")

    if answers:
        assert get(container, tls, "/health/").status_code == 200
    else:
        with pytest.raises(httpx.TransportError):
            get(container, tls, "/health/")
    assert ("Permission denied" in container.logs()) is not answers
    assert container.running


def test_missing_key_stops_gunicorn(serve):
    """With the key file missing, the container exits."""
    container = serve(key="/run/tls/other.pem", ready="")

    assert container.exit_code == 1
    assert 'keyfile "/run/tls/other.pem" does not exist' in container.logs()


def test_new_certificate_needs_no_reload(serve, tmp_path):
    """After both files are replaced, the next connection gets the new certificate."""
    container = serve("--threads 2", folder=issue(tmp_path))
    container.wait_for_log("Booting worker")
    before = certificate(container)

    issue(tmp_path)

    assert certificate(container) != before
    assert get(container, tmp_path, "/health/").status_code == 200
    assert container.logs().count("Booting worker") == 1


def test_certificate_without_its_key_fails_connections(serve, tmp_path):
    """Connections fail while only the certificate is new; once the key is new too, they succeed."""
    container = serve("--threads 2", folder=issue(tmp_path))
    container.wait_for_log("Booting worker")
    key = tmp_path / "key.pem"
    old = key.read_bytes()
    issue(tmp_path)
    new = key.read_bytes()

    key.write_bytes(old)
    with pytest.raises(httpx.TransportError):
        get(container, tmp_path, "/health/")
    key.write_bytes(new)

    assert get(container, tmp_path, "/health/").status_code == 200


@pytest.mark.docker_only("low ports for users other than root")
def test_copied_command_publishes_another_port(
    plain_image, docker, replay, tls, monkeypatch, request
):
    """In the page's transcript, Gunicorn listens on a port other than the published one."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    shown = "gunicorn-tls/wrong-port.console"
    started = replay(shown, cwd=tls.parent, web=plain_image).strip()
    container = Container(docker, docker.container.inspect(started))
    request.addfinalizer(container.remove)
    container.wait_for_log(":443")

    published = container.handle.network_settings.ports["8080/tcp"][0]["HostPort"]
    for scheme in "http", "https":
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{scheme}://127.0.0.1:{published}/health/", verify=trust(tls))


def test_http_2_needs_its_package(serve):
    """Without the package, Gunicorn exits, and the error names the package."""
    container = serve("--threads 2", HTTP_2, ready="")

    assert container.exit_code == 1
    container.wait_for_log("Install gunicorn[http2]")


def test_gthread_speaks_http_2(serve):
    """A request over HTTP/2 succeeds on a connection that negotiated it."""
    container = serve("--threads 2", HTTP_2, changes=WITH_HTTP_2)
    container.wait_for_log("Booting worker")

    assert ask_by_http_2(container) == ["h2", "200"]


def test_sync_offers_http_2_and_cannot_speak_it(serve):
    """A client that accepts HTTP/2 gets a closed connection, and the log mentions a fallback."""
    container = serve(HTTP_2, changes=WITH_HTTP_2)
    container.wait_for_log("Booting worker")

    assert ask_by_http_2(container) == ["h2", "closed"]
    container.wait_for_log("Falling back to HTTP/1.1 only")
    container.wait_for_log("Invalid HTTP request line: 'PRI * HTTP/2.0'")


def issue(folder):
    """Sign a certificate, save it with its key, and return the directory."""
    subprocess.run(OPENSSL, check=True, cwd=folder, capture_output=True)
    (folder / "key.pem").chmod(0o644)
    folder.chmod(0o755)
    return folder


def trust(folder):
    """Return an SSL context that trusts only the certificate in a directory."""
    return ssl.create_default_context(cafile=folder / "cert.pem")


def get(container, folder, path):
    """Send a request over HTTPS."""
    url = container.address.replace("http://", "https://") + path
    return httpx.get(url, verify=trust(folder), timeout=PATIENCE)


def certificate(container):
    """Return the certificate that a client receives."""
    return ssl.get_server_certificate(("127.0.0.1", int(container.ports[0])))


def ask_by_http_2(container):
    """Send a request from inside; return TLS's negotiated protocol, and the status or `closed`."""
    return container.exec("python", "-c", CLIENT).split()
