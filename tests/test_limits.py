"""The proofs of docs/limits.md."""

import json

import pytest

IMAGE = "signals/exec-form.Dockerfile"
SERVE = ("gunicorn", "core.wsgi", "--no-control-socket", "--bind")
REACHABLE = "0.0.0.0:8000"
SOCKET = "/tmp/gunicorn.sock"
EVERY_IPV4 = "0.0.0.0/0"
HTTPS = {"X-Forwarded-Proto": "https"}


def test_oversized_request_is_refused(build, run, replay):
    """With one byte less, or one header less, Django responds."""
    container = run(build(IMAGE))

    assert [status(container, line=n) for n in (4094, 4095)] == [200, 414]
    assert [status(container, header=n) for n in (8190, 8191)] == [200, 431]
    assert [status(container, headers=n) for n in (100, 101)] == [200, 431]
    container.wait_for_log("Invalid request", count=3)
    replay("limits/refused.console", web=container.handle.id)


def test_larger_limit_counts_as_8190(build, run):
    """With 20000, lines of up to 8190 bytes get a response, and longer ones an error."""
    container = run(build(IMAGE), *SERVE, REACHABLE, "--limit-request-line", "20000")

    assert [status(container, line=n) for n in (8190, 8191)] == [200, 414]


def test_zero_lifts_the_limit(build, run):
    """A line of 20000 bytes gets a response."""
    container = run(build(IMAGE), *SERVE, REACHABLE, "--limit-request-line", "0")

    assert status(container, line=20000) == 200


def test_proxy_in_another_container_is_not_believed(build, run_once):
    """Three containers get the header from outside, as from a proxy in another container."""
    allowed = [{}, {"FORWARDED_ALLOW_IPS": EVERY_IPV4}, {"FORWARDED_ALLOW_IPS": "*"}]

    containers = [run_once(build(IMAGE), env=env) for env in allowed]

    secure = [c.get("/echo/", headers=HTTPS).json()["is_secure"] for c in containers]
    assert secure == [False, True, True]


def test_network_of_a_proxy_stops_gunicorn_23(build, run):
    """Gunicorn 23 accepts only addresses in the variable, and exits."""
    image = build(IMAGE, requirements={"gunicorn": "23.0.0"})
    line = "'172.16.0.0/12' does not appear to be an IPv4 or IPv6 address"
    env = {"FORWARDED_ALLOW_IPS": "172.16.0.0/12"}
    container = run(image, *SERVE[:2], env=env, ready=line)

    assert container.exit_code == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nginx", "'nginx' does not appear to be an IPv4 or IPv6 network"),
        ("172.17.0.1/16", "172.17.0.1/16 has host bits set"),
    ],
)
def test_name_of_a_proxy_stops_gunicorn(build, run, name, reason):
    """The last line shows the value that Gunicorn does not accept."""
    container = run(build(IMAGE), env={"FORWARDED_ALLOW_IPS": name}, ready=reason)

    assert container.exit_code == 1


def test_ipv6_bind_believes_no_ipv4_proxy(build, run_once):
    """Tested from 127.0.0.1 with the default, and from outside with each IPv4 address allowed."""
    inside = run_once(build(IMAGE), *SERVE, "[::]:8000")
    outside = run_once(build(IMAGE), *SERVE, "[::]:8000", env={"FORWARDED_ALLOW_IPS": EVERY_IPV4})

    seen = [echo(inside, "TCP"), outside.get("/echo/", headers=HTTPS).json()]
    assert [answer["is_secure"] for answer in seen] == [False, False]
    assert all(answer["remote_addr"].startswith("::ffff:") for answer in seen)
    assert echo(run_once(build(IMAGE)), "TCP")["is_secure"]


def test_contradictory_headers_are_refused(build, run_once):
    """Gunicorn accepts either header by itself, but rejects them together."""
    container = run_once(build(IMAGE), env={"FORWARDED_ALLOW_IPS": "*"})
    off = {"X-Forwarded-Ssl": "off"}

    codes = [container.get("/echo/", headers=h).status_code for h in (HTTPS, off, HTTPS | off)]
    assert codes == [200, 200, 400]
    container.wait_for_log("Contradictory scheme headers")


def test_remote_addr_stays_the_proxys(build, run_once):
    """Even a trusted header does not change REMOTE_ADDR."""
    container = run_once(build(IMAGE), env={"FORWARDED_ALLOW_IPS": "*"})

    plain = container.get("/echo/").json()
    forwarded = container.get("/echo/", headers={"X-Forwarded-For": "203.0.113.9"}).json()

    assert forwarded["headers"]["X-Forwarded-For"] == "203.0.113.9"
    assert forwarded["remote_addr"] == plain["remote_addr"] != "203.0.113.9"


def test_client_beyond_the_backlog_waits(build, run):
    """While the worker is busy, the kernel accepts only as many of 50 clients as allowed."""
    few = {"net.core.somaxconn": "5"}
    limited, roomy = run(build(IMAGE), sysctl=few), run(build(IMAGE))
    found = []
    for container in limited, roomy:
        container.start_sleep(30)
        before = container.logs()
        found.append(json.loads(container.exec("python", "-c", CONNECT)))
        assert container.logs() == before

    assert found[0]["connected"] < 10
    assert found[1]["connected"] == 50
    assert [counts["failed"] for counts in found] == [0, 0]


def test_unix_socket_is_open_to_all(build, run):
    """Compares the socket's mode with and without the option."""
    image = build(IMAGE)
    default = run(image, *SERVE, f"unix:{SOCKET}")
    masked = run(image, *SERVE, f"unix:{SOCKET}", "--umask", "0o077")

    modes = [c.exec("stat", "--format=%a", SOCKET) for c in (default, masked)]
    assert modes == ["777", "700"]


def test_unix_socket_believes_each_client(build, run):
    """FORWARDED_ALLOW_IPS has its default value."""
    answer = echo(run(build(IMAGE), *SERVE, f"unix:{SOCKET}"), "UNIX")

    assert answer["is_secure"]
    assert answer["remote_addr"] == ""


def test_umask_is_gunicorns_alone(build, run_once):
    """Master and worker have the same umask with the option as without."""
    image = build(IMAGE)
    containers = [run_once(image), run_once(image, *SERVE, REACHABLE, "--umask", "0o077")]

    workers = [container.get("/whoami/").json()["pid"] for container in containers]

    umasks = [
        container.exec("grep", "-h", "Umask", "/proc/1/status", f"/proc/{worker}/status")
        for container, worker in zip(containers, workers, strict=True)
    ]
    assert umasks[0] == umasks[1]


def status(container, line=0, header=0, headers=0):
    """Return the status for a line or a header of this many bytes, or this many headers."""
    path = "/health/?" + "x" * (line - len("GET /health/? HTTP/1.1"))
    given = {"X": "x" * (header - len("X: \r\n"))} if header else {}
    given |= {f"X-{n}": "x" for n in range(headers - BROUGHT if headers else 0)}
    return container.get(path, headers=given).status_code


def echo(container, family):
    """Send a request from inside, over TCP or a Unix socket, and return what Django sees."""
    return json.loads(container.exec("python", "-c", ASK, family).splitlines()[-1])


BROUGHT = 5  # headers that httpx adds
ASK = f"""
import socket, sys
address = {{"TCP": ("127.0.0.1", 8000), "UNIX": "{SOCKET}"}}[sys.argv[1]]
client = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
client.connect(address)
for line in "GET /echo/ HTTP/1.0", "Host: 127.0.0.1", "X-Forwarded-Proto: https", "":
    client.sendall(line.encode() + b"\\r\\n")
print(client.makefile().read())
"""
CONNECT = """
import json, select, socket, time
clients = [socket.socket() for _ in range(50)]
for client in clients:
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", 8000))
time.sleep(2)
connected = select.select([], clients, [], 0)[1]
failed = [c for c in clients if c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]
print(json.dumps({"connected": len(connected), "failed": len(failed)}))
"""
