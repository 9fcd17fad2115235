"""The proofs of docs/benchmarks.md."""

import re
import subprocess
from pathlib import Path

import pytest

from harness import PROJECT
from scenarios.layers import layers, packages_of, size_of_parts

APP = "dockerfile/app.Dockerfile"
UV_EXAMPLE = Path(__file__).parent / "benchmarks/shapes/uv-example.Dockerfile"
UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
START = """
import gunicorn.app.wsgiapp, gunicorn.workers.gthread, core.wsgi, time
print(time.process_time())
"""


@pytest.mark.docker_only("the size of an image without the padding of its archives")
def test_image_is_hardly_larger_than_its_parts(build, run, docker, tmp_path):
    """Compares the app image with the slim base image plus the packages that it installs."""
    (tmp_path / "base.Dockerfile").write_text("FROM python:3.14-slim\n")
    image = build(APP)

    parts = size_of_parts(docker, build(tmp_path / "base.Dockerfile"), run(image))

    assert parts < docker.image.inspect(image).size < 1.06 * parts


def test_code_copied_with_packages_moves_them(build, docker, locked):
    """After a change to a view, each image has one new layer; one of them is 100 times larger."""
    views = (PROJECT / "core/views.py").read_text()
    touched = {"core/views.py": f"{views}\n# touched\n"}
    pins = packages_of("code copied with packages")
    ours = build(APP, changes=pins), build(APP, changes=pins | touched)
    theirs = build(UV_EXAMPLE, project=locked), build(UV_EXAMPLE, project=locked, changes=touched)

    for before, after in (ours, theirs):
        assert len(set(layers(docker, after)) - set(layers(docker, before))) == 1
    assert size_of_last_layer(docker, theirs[1]) > 100 * size_of_last_layer(docker, ours[1])


def test_change_of_stylesheet_moves_code_and_manifest(build, docker):
    """With one more line in a stylesheet, only the last two layers change."""
    style = (PROJECT / "core/static/core/site.css").read_text()
    pins = packages_of("a change of a stylesheet")

    before = layers(docker, build(APP, changes=pins))
    touched = pins | {"core/static/core/site.css": f"{style}\n"}
    after = layers(docker, build(APP, changes=touched))

    assert after[:-2] == before[:-2]
    assert not set(after[-2:]) & set(before[-2:])


def test_bytecode_of_python_shortens_the_start(build, run, locked):
    """Compares the CPU time of the imports, best of three; both images have compiled packages."""
    containers = run(build(APP)), run(build(UV_EXAMPLE, project=locked))

    ours, theirs = (min(seconds_to_import(c) for _ in range(3)) for c in containers)

    assert ours < 0.8 * theirs


def size_of_last_layer(docker, image):
    """Return the size in bytes of the newest layer that is not empty, with three digits."""
    command = [*docker.client_config.docker_cmd, "history", "--format={{.Size}}", image]
    said = subprocess.check_output(command, text=True)
    sizes = (float(size) * UNITS[unit] for size, unit in re.findall(r"([\d.]+)(\w+)", said))
    return next(filter(None, sizes))


def seconds_to_import(container):
    """Import what Gunicorn imports at startup, and return the CPU time in seconds."""
    return float(container.exec("python", "-c", START))
