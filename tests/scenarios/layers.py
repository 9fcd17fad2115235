"""What images and Dockerfiles consist of: layers, stages, instructions, packages."""

import re

from harness import PROJECT, ROOT

PACKAGES = (ROOT / "tests/probes/size_of_packages.py").read_text()


def layers(docker, image):
    """Return the digests of an image's layers, the first one first."""
    return docker.image.inspect(image).root_fs.layers


def packages_of(test):
    """Return a change after which no other test builds the same stage of packages.

    Docker may build a stage twice when two Dockerfiles ask for it at the same moment, and then the
    layers of two images differ although their text is the same.
    """
    return {"requirements.txt": f"{(PROJECT / 'requirements.txt').read_text()}# {test}\n"}


def instructions(dockerfile):
    """Return the instructions of a Dockerfile, its comments left out."""
    text = re.sub(r"(?m)^#.*\n|\\\n", "", dockerfile.read_text())
    return [line for line in text.splitlines() if line]


def shared_stages(dockerfile):
    """Return the stages `packages` and `static` of a Dockerfile, as text."""
    return re.search(r"FROM \S+ AS packages\n.+? /collected\n\n", dockerfile, re.DOTALL)[0]


def size_of_parts(docker, base, container):
    """Return the bytes of a base image and of the packages that a container has, pip left out."""
    return docker.image.inspect(base).size + int(container.exec("python", "-c", PACKAGES))
