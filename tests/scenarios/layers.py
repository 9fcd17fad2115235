"""The parts of images and Dockerfiles: layers, stages, instructions, packages."""

import re

from harness import PROJECT, ROOT

PACKAGES = (ROOT / "tests/probes/size_of_packages.py").read_text()


def layers(docker, image):
    """Return the digests of an image's layers, lowest first."""
    return docker.image.inspect(image).root_fs.layers


def packages_of(test):
    """Return a change after which no other test builds the same `packages` stage.

    Docker may build a stage twice if two builds need it at the same moment, or while another build
    runs that made it, and then the layers of two images differ although their text is the same.
    """
    return {"requirements.txt": f"{(PROJECT / 'requirements.txt').read_text()}# {test}\n"}


def instructions(dockerfile):
    """Return a Dockerfile's instructions, without comments."""
    text = re.sub(r"(?m)^#.*\n|\\\n", "", dockerfile.read_text())
    return [line for line in text.splitlines() if line]


def shared_stages(dockerfile):
    """Return a Dockerfile's stages `packages` and `static` as text."""
    return re.search(r"FROM \S+ AS packages\n.+? /collected\n\n", dockerfile, re.DOTALL)[0]


def size_of_parts(docker, base, container):
    """Return the bytes of a base image and of a container's packages, except pip."""
    return docker.image.inspect(base).size + int(container.exec("python", "-c", PACKAGES))
