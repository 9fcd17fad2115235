"""Names that suggest secrets in an image: files in its layers, and variables."""

import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from python_on_whales import DockerClient

from harness.contract import saved_image

FILE = re.compile(
    r"(?!\.wh\.)("  # how a layer notes that a file was removed
    r"\.env(?!\.(example|sample|template)$)(\..+)?|(?!(example|sample|template)\.).+\.env"
    r"|\.git|\.netrc|\.pgpass|secret_key"
    r"|id_(rsa|dsa|ecdsa|ed25519)|.+\.(sqlite3?|pem|key|p12|pfx|kdbx))"
)
VARIABLE = re.compile("(?i)SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|CREDENTIAL")


class Secrets(NamedTuple):
    """Names in an image that suggest secrets, each one once."""

    files: list[str]
    variables: list[str]


def find(docker: DockerClient, image: str) -> Secrets:
    """Search all layers, including removed files, and all build steps."""
    files: dict[str, None] = {}
    variables: dict[str, None] = {}
    for part in saved_image.parts(docker, image):
        if saved_image.is_json(part):
            names = (variable.partition("=")[0] for variable in saved_image.variables(part))
            variables |= dict.fromkeys(filter(VARIABLE.search, names))
        else:
            files |= dict.fromkeys(secret_files(part))
    return Secrets(list(files), list(variables))


def secret_files(layer: bytes) -> Iterator[str]:
    """Yield the paths of secret files in a layer, except for packages' files and certificates."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as files:
        for file in files:
            if FILE.fullmatch(Path(file.name).name) and "-packages/" not in file.name:
                is_key = file.name.endswith((".pem", ".key"))
                content = files.extractfile(file) if is_key and file.isfile() else None
                if not is_key or (content and b"PRIVATE KEY" in content.read()):
                    yield f"/{file.name}"
