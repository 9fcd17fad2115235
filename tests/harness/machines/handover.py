"""Builds images on one engine for another one that is slow or has no registry."""

import subprocess
import tarfile
from itertools import takewhile
from pathlib import Path
from typing import IO, Any

from filelock import FileLock
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from harness.images import Builder


class HandingBuilder(Builder):
    """Builds on the engine `source`, and copies each image to the engine under test."""

    def __init__(self, source: DockerClient, target: DockerClient, *about: Any) -> None:
        """Build nothing yet; the arguments after the two engines go to Builder."""
        super().__init__(source, *about)
        self.target = target

    def build(self, dockerfile: Path, **options: Any) -> str:
        """Build an image as Builder does; its tag then exists on the engine under test."""
        tag = super().build(dockerfile, **options)
        with FileLock(self.shared / f"{tag.partition(':')[2]}.handover"):
            if not self.target.image.exists(tag):
                hand_over(self.docker, self.target, tag)
                self.docker.image.remove(tag)
        return tag


def hand_over(source: DockerClient, target: DockerClient, image: str) -> None:
    """Copy an image to another engine: same ID, same tag, and only the missing layers.

    Raises DockerException with the output of `docker load`.
    """
    about = source.image.inspect(image)
    if not target.image.exists(about.id):
        here = shared_layers(target, about.root_fs.layers or [])
        skipped = {f"blobs/sha256/{layer.partition(':')[2]}" for layer in here}
        save, load = [*docker_cmd(source), "save", about.id], [*docker_cmd(target), "load", "-q"]
        with (
            subprocess.Popen(save, stdout=subprocess.PIPE) as saving,
            subprocess.Popen(load, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as loading,
        ):
            copy_tar(saving.stdout, loading.stdin, skipped)
            if loading.stdin:
                loading.stdin.close()
        if saving.returncode or loading.returncode:
            raise DockerException(load, saving.returncode or loading.returncode)
    if image != about.id:
        target.image.tag(about.id, image)


def shared_layers(target: DockerClient, layers: list[str]) -> list[str]:
    """Return the lowest layers that an image on the target has as well."""
    known = [image.root_fs.layers or [] for image in target.image.list()]
    return max((common(layers, other) for other in known), key=len, default=[])


def common(layers: list[str], others: list[str]) -> list[str]:
    """Return the layers with which both begin."""
    pairs = zip(layers, others, strict=False)
    return [layer for layer, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]


def copy_tar(source: IO[bytes] | None, target: IO[bytes] | None, skipped: set[str]) -> None:
    """Copy a tar archive from one pipe to another, without some of its files."""
    with (
        tarfile.open(fileobj=source, mode="r|") as old,
        tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in old:
            if member.name not in skipped:
                new.addfile(member, old.extractfile(member) if member.isfile() else None)


def docker_cmd(client: DockerClient) -> list[str]:
    """Return the command line of an engine's client."""
    return list(map(str, client.client_config.docker_cmd))
