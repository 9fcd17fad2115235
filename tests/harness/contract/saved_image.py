"""The full contents of an image, as `docker save` writes it: each layer, and the configuration."""

import gzip
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from python_on_whales import DockerClient

BLOCK = 2**20  # bytes to read at a time


def saving(docker: DockerClient, *images: str) -> list[str | Path]:
    """Return the command that writes images to its standard output as one archive."""
    together = ["--multi-image-archive"] if docker.client_config.client_type == "podman" else []
    return [*docker.client_config.docker_cmd, "save", *together, *images]


def parts(docker: DockerClient, image: str) -> Iterator[bytes]:
    """Yield the layers, each as a tar archive, and the JSON parts, such as the configuration."""
    with (
        subprocess.Popen(saving(docker, image), stdout=subprocess.PIPE) as saved,
        tarfile.open(fileobj=saved.stdout, mode="r|", bufsize=BLOCK) as files,
    ):
        for file in files:
            content = files.extractfile(file) if file.isfile() else None
            if content and not file.name.endswith("/VERSION"):  # the archive format's
                part = content.read()
                yield gzip.decompress(part) if part.startswith(b"\x1f\x8b") else part


def is_json(part: bytes) -> bool:
    """Whether a part describes the image; otherwise it is a layer."""
    return part.startswith((b"{", b"["))


def variables(part: bytes) -> list[str]:
    """Return the variables set by ENV and recorded from ARG, each as NAME=value."""
    about = json.loads(part)
    if not isinstance(about, dict) or "history" not in about:
        return []
    steps = [step.get("created_by", "") for step in about["history"]]
    # An ARG's value precedes the command: RUN |1 NAME=value /bin/sh -c …
    arguments = [re.match(r"(?:RUN )?\|\d+ (.*?) /bin/", step) for step in steps]
    kept = [word for match in arguments if match for word in match[1].split()]
    return [*about["config"].get("Env", []), *kept]
