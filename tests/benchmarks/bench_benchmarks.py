"""The tables of docs/benchmarks.md: this guide's images and others', built and run in turn."""

import json
import re
import shutil
import socket
import statistics
import subprocess
import tarfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import httpx

from harness import PROJECT, SNIPPETS
from harness.container import TLS
from harness.texts import edited
from scenarios.layers import shared_stages, size_of_parts
from scenarios.locked import LOCK

SHAPES = Path(__file__).parent / "shapes"
ROUNDS = 3


class Shape(NamedTuple):
    """A kind of Dockerfile, with the Dockerfile of its static image if there is one."""

    app: Path
    static: Path | None = None
    manifest: bool = False  # whether the app image has the manifest of hashed static files


NGINX = SNIPPETS / "static-files/nginx.Dockerfile.static"
FULL = "full image, one stage"
OURS = {
    "this guide, uv": Shape(SNIPPETS / "dependencies/uv.Dockerfile", NGINX, manifest=True),
    "this guide, pip": Shape(SNIPPETS / "dockerfile/app.Dockerfile", NGINX, manifest=True),
    "this guide, ten lines": Shape(SNIPPETS / "dockerfile/shortest.Dockerfile", manifest=True),
}
THEIRS = {
    FULL: Shape(SHAPES / "full.Dockerfile", SHAPES / "full.Dockerfile.static"),
    "slim, venv copied": Shape(SHAPES / "venv.Dockerfile", manifest=True),
    "slim, cache mounts": Shape(SHAPES / "cache-mounts.Dockerfile"),
    "slim, wheels": Shape(SHAPES / "wheels.Dockerfile"),
    "slim, uv's example": Shape(SHAPES / "uv-example.Dockerfile"),
}
ALL = OURS | THEIRS
EDITS = {
    "nothing": {},
    ".py": {"core/views.py": "\n# touched\n"},
    ".css": {"core/static/core/site.css": "\n/* touched */\n"},
}
OTHER_VERSION = {"gunicorn==27.0.1": "gunicorn==26.1.0"}


def bench_benchmarks(build, run, measured, builder, docker, tmp_path):
    """Build each shape cold and after four changes, start it, use it, and stop it, three times."""
    base = have_bases(build, tmp_path)
    projects = [lock(docker, tmp_path / name, pins) for name, pins in
                {"before": {}, "bumped": OTHER_VERSION}.items()]  # fmt: skip
    with forgotten(docker):
        measure(base, projects, run, measured, builder, docker, tmp_path)


def measure(base, projects, run, measured, builder, docker, tmp_path):
    """Run the rounds, and write the tables."""
    tags = {name: {} for name in ALL}
    builds, runs = ({name: [] for name in ALL} for _ in range(2))
    for n in range(ROUNDS):
        for name in [*ALL][n:] + [*ALL][:n]:
            workshop = Workshop(docker, builder, tmp_path, f"{[*ALL].index(name)}-{n}", ALL[name])
            builds[name].append(workshop.build_all(*projects))
            tags[name] = workshop.tags
            runs[name].append(look_at(run, workshop.tags["cold"][0]))

    limit = size_of_parts(docker, base, run(tags["this guide, pip"]["cold"][0]))
    layers = compressed(docker, [tag for found in tags.values() for pair in found.values()
                                 for tag in pair])  # fmt: skip
    size(measured, docker, tags, layers, limit)
    moved(measured, tags, layers)
    building(measured, builds)
    running(measured, runs)


def have_bases(build, folder):
    """Get all base images before the clock starts, record their versions; return the slim one."""
    from_lines = {line for shape in ALL.values() for file in shape[:2] if file
                  for line in re.findall(r"(?m)^FROM \S+[.:]\S+|from=\S+?[.:][^\s,]+",
                                         file.read_text())}  # fmt: skip
    (folder / "bases.Dockerfile").write_text(
        "\n".join([*sorted(line.replace("from=", "FROM ") for line in from_lines), ""])
    )
    (folder / "slim.Dockerfile").write_text("FROM python:3.14-slim\n")
    build("dockerfile/app.Dockerfile")
    build(folder / "bases.Dockerfile")
    return build(folder / "slim.Dockerfile")


@contextmanager
def forgotten(docker):
    """Remove these builds from the cache, because no other build can use those gigabytes."""
    before = cached(docker)
    try:
        yield
    finally:
        new = "|".join(cached(docker) - before)
        command = [*docker.client_config.docker_cmd, "builder", "prune", "--all", "--force"]
        subprocess.check_call([*command, "--filter", f"id=^({new})$"], stdout=subprocess.DEVNULL)


def cached(docker):
    """Return the IDs of the engine's build cache."""
    command = [*docker.client_config.docker_cmd, "buildx", "du", "--verbose"]
    return set(re.findall(r"(?m)^ID:\s+(\w+)", subprocess.check_output(command, text=True)))


def lock(docker, folder, changes):
    """Return a locked copy of the sample project, with one package in another version."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    pins = folder / "requirements.txt"
    pins.write_text(edited(pins.read_text(), changes))
    shutil.copy(SNIPPETS / "dependencies/lock.sh", folder)
    shutil.copy(SNIPPETS / "static-files/nginx.default.conf", folder / "default.conf")
    (folder / "Dockerfile").write_text(LOCK)
    command = [*docker.client_config.docker_cmd, "build", "--quiet", "--output", folder, folder]
    subprocess.check_call(command, stdout=subprocess.DEVNULL)
    for file in ("Dockerfile", "lock.sh"):
        (folder / file).unlink()
    return folder


class Workshop:
    """One shape in one round: a separate directory, and layers that no other build can share."""

    def __init__(self, docker, builder, parent, name, shape) -> None:
        """Copy the Dockerfiles, with a variable after each FROM that no cached step has."""
        self.docker, self.builder, self.shape, self.name = docker, builder, shape, name
        self.context = parent / f"{name}.context"
        self.files = [parent / f"{name}.{file.name}" for file in shape[:2] if file]
        for file, original in zip(self.files, shape[:2], strict=False):
            own = f"benchmark-{builder.run}-{name}"
            text = original.read_text()
            if original == NGINX:
                text = edited(text, {shared_stages(text): shared_stages(shape.app.read_text())})
            text = re.sub(r"(?m)^(FROM .*)", rf"\1\nENV BENCHMARK={own}", text)
            file.write_text(text.replace("type=cache,", f"type=cache,id={own},"))
        self.tags = {}

    def build_all(self, project, bumped):
        """Return the seconds for the first build, and for one build after each change."""
        shutil.copytree(project, self.context)
        if not self.shape.manifest:
            settings = self.context / "core/settings.py"
            settings.write_text(edited(settings.read_text(), {"Manifest": ""}))
        seconds = {"cold": self.build("cold")}
        for change, edits in EDITS.items():
            for path, text in edits.items():
                with (self.context / path).open("a") as file:
                    file.write(text)
            seconds[change] = self.build(change)
        for file in ("requirements.txt", "pyproject.toml", "uv.lock"):
            shutil.copy(bumped / file, self.context)
        return seconds | {"dependency": self.build("dependency")}

    def build(self, change):
        """Build the images one after another, and return the total seconds."""
        self.tags[change] = [
            self.builder.tag(f"{self.name}-{change.strip('.')}-{n}") for n in range(len(self.files))
        ]
        start = time.monotonic()
        for file, tag in zip(self.files, self.tags[change], strict=True):
            command = [*self.docker.client_config.docker_cmd, "build", "--quiet", "--tag", tag]
            command += ["--file", file, self.context]
            subprocess.check_call(command, stdout=subprocess.DEVNULL)
        return time.monotonic() - start


def look_at(run, image):
    """Start an image, send it requests, stop it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    address = {"publish_all": False, "publish": [(f"127.0.0.1:{port}", 8000)]}
    with ThreadPoolExecutor(1) as pool:
        start = time.monotonic()
        env = {"WEB_CONCURRENCY": "1"}
        starting = pool.submit(run, image, ready="", env=env, **address)
        while not answers(f"http://127.0.0.1:{port}/health/"):
            time.sleep(0.002)
        found = {"ready": time.monotonic() - start}
        container = starting.result()
    found["rest"] = container.pss() / 1024
    found["page"] = container.get("/").elapsed.total_seconds() * 1000
    pages = [container.get("/") for _ in range(200)]
    assert {page.status_code for page in pages} == {200}
    found["load"] = container.pss() / 1024
    german = container.get("/", headers={"Accept-Language": "de"}).text
    found["work"] = [
        "Hallo" in german,
        bool(re.search(r"site\.[0-9a-f]{12}\.css", german)),
        container.get("/whoami/").json()["uid"] != 0,
    ]
    found["stop"], found["exit code"] = container.stop()
    return found


def answers(url):
    """Whether a server returns 200."""
    with suppress(httpx.TransportError):
        return httpx.get(url, verify=TLS, timeout=5).status_code == 200
    return False


def compressed(docker, tags):
    """Return each image's gzipped layer sizes by digest, as a registry receives them."""
    save = subprocess.Popen(
        [*docker.client_config.docker_cmd, "save", *tags], stdout=subprocess.PIPE
    )
    sizes = {}
    with save, tarfile.open(fileobj=save.stdout, mode="r|") as tar:
        for member in tar:
            if member.name == "manifest.json":
                manifest = json.load(tar.extractfile(member))
            elif member.isfile():
                sizes[member.name] = gzipped(tar.extractfile(member))
    return {tag: {name: sizes[name] for name in image["Layers"]}
            for image in manifest for tag in image["RepoTags"]}  # fmt: skip


def gzipped(stream):
    """Return a stream's gzipped size in bytes."""
    compress = zlib.compressobj()
    size = sum(len(compress.compress(chunk)) for chunk in iter(lambda: stream.read(2**20), b""))
    return size + len(compress.flush())


def size(measured, docker, tags, layers, limit):
    """Write each app image's size, and the limit given by its parts."""
    rows = []
    for name, found in tags.items():
        [tag, *_] = found["cold"]
        megabytes = docker.image.inspect(tag).size / 1e6
        sent = sum(layers[tag].values()) / 1e6
        rows.append([name, round(megabytes), f"{sent:.0f}", str(len(layers[tag]))])
    rows.append(["limit: slim base plus packages", round(limit / 1e6), "", ""])
    whole = next(row[1] for row in rows if row[0] == FULL)
    rows = [[*row, f"{row[1] / whole:.2f}", f"{row[1] / limit * 1e6:.2f}"] for row in rows]
    columns = ["app image", "MB on disk", "MB compressed", "layers", "ratio to full image",
               "ratio to limit"]  # fmt: skip
    measured("size", columns, rows)


def moved(measured, tags, layers):
    """Write the gzipped kB of each build's layers that the previous build does not have."""
    rows = []
    for name, found in tags.items():
        contents = [{k: v for tag in found[change] for k, v in layers[tag].items()}
                    for change in [*EDITS, "dependency"]]  # fmt: skip
        py, css, dependency = (sum(after[k] for k in after.keys() - before.keys()) / 1000
                               for before, after in pairwise(contents))  # fmt: skip
        rows.append([name, round(py), round(css), f"{dependency / 1000:.1f}"])
    measured("moved", ["image", "kB, .py changed", "kB, .css changed", "MB, package changed"], rows)


def building(measured, builds):
    """Write the fastest round, because one stalled mirror would distort a mean."""
    best = {name: {what: min(r[what] for r in rounds) for what in rounds[0]}
            for name, rounds in builds.items()}  # fmt: skip
    whole = best[FULL]
    rows = [[name, round(b["cold"], 1), f"{b['cold'] / whole['cold']:.2f}",
             f"{b['nothing']:.1f}"] for name, b in best.items()]  # fmt: skip
    measured("cold", ["image", "s, no cache", "ratio to full image", "s, fully cached"], rows)
    changes = [".py", ".css", "dependency"]
    rows = [[name, *(round(b[c], 1) for c in changes),
             *(f"{b[c] / whole[c]:.2f}" for c in changes)] for name, b in best.items()]  # fmt: skip
    columns = ["s, .py changed", "s, .css changed", "s, package changed"]
    ratios = ["ratio to full image, .py", "ratio, .css", "ratio, package"]
    measured("rebuild", ["image", *columns, *ratios], rows)


def running(measured, runs):
    """Write the fastest start and stop, and the median memory."""
    rows, works = [], []
    for name, rounds in runs.items():
        first = rounds[0]
        quick = {k: min(r[k] for r in rounds) for k in ("ready", "page", "stop")}
        middle = {k: statistics.median(r[k] for r in rounds) for k in ("rest", "load")}
        rows.append([name, round(quick["ready"], 2), f"{quick['stop']:.2f}",
                     str(first["exit code"]), f"{quick['page']:.0f}",
                     f"{middle['rest']:.0f}", f"{middle['load']:.0f}"])  # fmt: skip
        works.append([name, bool(ALL[name].static), *first["work"]])
    measured("run", ["image", "s to first 200", "s to stop", "exit code",
                     "ms, first page", "MiB idle", "MiB, 200 pages served"], rows)  # fmt: skip
    features = ["static image", "translated pages", "hashed links", "non-root user"]
    measured("work", ["image", *features], works)
