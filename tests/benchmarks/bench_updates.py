"""How many requests each way of replacing a container of docs/compose.md loses."""

import socket
import time

from harness.load import Load
from scenarios.production import HOST, POST, UPDATE, Production, images

CLIENTS = {"clients": 4, **HOST}
EMPTY = ["exec", "-T", "db", "psql", "--quiet", "app", "--command", "TRUNCATE core_note"]
COLUMNS = ["method", "`GET` succeeded", "`GET` lost", "`POST` succeeded", "`POST` lost"]


def bench_updates(build, official, docker, builder, tmp_path, request, measured):
    """Send requests from eight clients the whole time, four of them with POST."""
    official("postgres:18")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nginx = {"ports": [f"127.0.0.1:{port}:8080"]}
    production = Production(docker, builder, tmp_path, images(build), {"nginx": nginx})
    request.addfinalizer(production.down)
    production.up()
    ways = {
        "`update.sh`": lambda: production.shell(UPDATE),
        "a second container, then `docker stop`": lambda: second_then_stop(production),
        "`docker compose up --detach`": production.up,
        "`docker compose up --force-recreate nginx`": lambda: replace_nginx(production),
    }
    rows = []
    for number, (name, way) in enumerate(ways.items()):
        new = {"core/release.py": f"NUMBER = {number}\n"}
        production.release(images(build, new)["web"])
        production.run(*EMPTY)
        rows.append([name, *found(f"http://127.0.0.1:{port}", way)])

    measured("lost", COLUMNS, rows)


def found(address, way):
    """Return how many requests of both kinds succeeded, and how many were lost."""
    with (
        Load(f"{address}/health/", **CLIENTS) as get,
        Load(f"{address}/notes/", clients=4, **POST) as post,
    ):
        way()
        time.sleep(5)
    return [n for load in (get, post) for n in (load.answers[200], load.lost)]


def second_then_stop(production):
    """Start the new container next to the old one, wait for nginx's resolver, stop the old one."""
    old = production.service("web")
    production.run("run", "--rm", "migrate")
    only = ["--no-deps", "--no-recreate", "--no-build", "--scale", "web=2", "web"]
    production.run("up", "--detach", "--wait", *only)
    time.sleep(3)
    old.stop()
    old.remove()


def replace_nginx(production):
    """Replace nginx, as the script does last if the static files have changed."""
    production.run("up", "--detach", "--wait", "--no-build", "--force-recreate", "nginx")
