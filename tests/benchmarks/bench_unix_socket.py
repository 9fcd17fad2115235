"""The measurements of docs/unix-socket.md."""

import os
from statistics import median

from harness import PROBES, engine
from scenarios.proxied import CONF, STARTED, STATIC
from scenarios.unix_socket import SOCKET

REQUESTS = 2000
ROUNDS = 3
PORTS = [8081, 8082]
VIEWS = {
    "no-op without Django": "/no-op/",
    "minimal Django view": "/health/",
    "Django view that waits 10 ms": "/sleep/0.01/",
}
WAYS = {"tcp": "web:8000", "socket": f"unix:{SOCKET}"}
SERVER = """
upstream {0} {{ server {1}; keepalive 0; }}
server {{
    listen {2};
    access_log off;
    location / {{ proxy_pass http://{0}; proxy_set_header Host $http_host; }}
}}
"""
SERVE = ["gunicorn", "both", "--no-control-socket", "--threads", "2", "--worker-tmp-dir"]
SERVE += ["/dev/shm", "--bind", "0.0.0.0:8000", "--bind", f"unix:{SOCKET}"]
ASK = (PROBES / "rate.py").read_text()


def bench_unix_socket(app_image, build, docker, run, measured, tmp_path):
    """Send requests through one nginx to both of one Gunicorn's binds, alternately."""
    label = {engine.LABEL: os.environ["PROOFS_RUN"]}
    name = f"socket-{os.environ['PROOFS_RUN']}"
    docker.network.create(name, labels=label)  # removed with the run, and so is the volume
    tmpfs = {"type": "tmpfs", "device": "tmpfs", "o": "uid=10001,mode=755"}
    docker.volume.create(name, options=tmpfs, labels=label)
    servers = [SERVER.format(*way, port) for way, port in zip(WAYS.items(), PORTS, strict=True)]
    (tmp_path / "default.conf").write_text("".join(servers))
    shared = {"networks": [name]}
    volumes = [(name, "/run/gunicorn"), (PROBES / "both.py", "/both/both.py", "ro")]
    env = {"PYTHONPATH": "/both"}
    aliases = {"network_aliases": ["web"]}
    web = run(app_image, *SERVE, env=env, volumes=volumes, **aliases, **shared)
    conf = (tmp_path / "default.conf", "/etc/nginx/conf.d/default.conf", "ro")
    nginx = build(STATIC, files=[CONF])
    aliases = {"network_aliases": ["nginx"]}
    run(nginx, ready=STARTED, volumes=[volumes[0], conf], **aliases, **shared)
    web.wait_for_log("Booting worker", count=2)
    rows = []
    for view, path in VIEWS.items():
        found = {port: [] for port in PORTS}
        for _ in range(ROUNDS):
            for port, rates in found.items():
                asked = web.exec("python", "-c", ASK, str(port), path, str(REQUESTS))
                rates.append(float(asked))
        rows.append([view, *(round(median(rates)) for rates in found.values())])
    measured("ways", ["view", "requests/s over TCP", "requests/s over the socket"], rows)
