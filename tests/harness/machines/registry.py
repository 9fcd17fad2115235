"""Copies an engine's images into a registry, under their official names."""

import json
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import IO, Any, TypedDict

import httpx
from python_on_whales import DockerClient

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
ALL = "proofs"  # the repository for all blobs, from which the images' repositories mount them


class Blob(TypedDict):
    """One file in the registry."""

    digest: str
    size: int  # in bytes


def fill(docker: DockerClient, images: Iterable[str], registry: str) -> None:
    """Copy images into the registry at an address such as 127.0.0.1:5000.

    `docker push` would need an extra tag, which a killed run leaves behind, and would compress
    each layer. Here, each layer is read once and sent unchanged.
    """
    save = [*map(str, docker.client_config.docker_cmd), "image", "save", *images]
    with (
        subprocess.Popen(save, stdout=subprocess.PIPE) as saved,
        tarfile.open(fileobj=saved.stdout, mode="r|") as archive,
        httpx.Client(base_url=f"http://{registry}/v2", timeout=60, trust_env=False) as client,
    ):
        blobs = {}
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file and member.name == "manifest.json":
                manifests = json.load(file)
            elif file:
                blobs[member.name] = _send(client, file)
        for manifest in manifests:
            for name in manifest["RepoTags"]:
                _name(client, name, manifest, blobs)


def path(image: str) -> tuple[str, str]:
    """Return an official image's repository and tag in its registry."""
    repository, _, tag = image.rpartition(":")
    first, _, rest = repository.partition("/")
    if "." in first:  # the registry's host
        return rest, tag
    return (repository if rest else f"library/{repository}"), tag


def _send(client: httpx.Client, file: IO[bytes]) -> Blob:
    """Send one file from the archive, and return its digest and size."""
    digest, size = sha256(), 0

    def chunks() -> Iterator[bytes]:
        nonlocal size
        while chunk := file.read(2**20):
            digest.update(chunk)
            size += len(chunk)
            yield chunk

    start = client.post(f"/{ALL}/blobs/uploads/").raise_for_status()
    sent = client.patch(start.headers["Location"], content=chunks()).raise_for_status()
    blob: Blob = {"digest": f"sha256:{digest.hexdigest()}", "size": size}
    end = httpx.URL(sent.headers["Location"]).copy_add_param("digest", blob["digest"])
    client.put(end).raise_for_status()
    return blob


def _name(client: httpx.Client, image: str, saved: dict[str, Any], blobs: dict[str, Blob]) -> None:
    """Give an image its name, once its blobs are sent."""
    repository, tag = path(image)
    config = {"mediaType": CONFIG} | blobs[saved["Config"]]
    layers = [{"mediaType": LAYER} | blobs[layer] for layer in saved["Layers"]]
    for blob in config, *layers:
        mount = {"mount": str(blob["digest"]), "from": ALL}
        client.post(f"/{repository}/blobs/uploads/", params=mount).raise_for_status()
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    client.put(
        f"/{repository}/manifests/{tag}",
        content=json.dumps(manifest),
        headers={"Content-Type": MANIFEST},
    ).raise_for_status()
