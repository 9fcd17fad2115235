"""The images that Dockerfiles start from: pulled, or built from Debian's packages.

A stand-in has the official name, so that no Dockerfile changes, but exists only in the private
engine. Its label `stand-in` says what it is; every image built from it inherits that label.
"""

import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

from filelock import FileLock
from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException, NoSuchImage

from harness.engine.private import KEYRING, EngineError, debian_mirror

RECIPES = Path(__file__).parent / "stand_ins"
NEXT = "=== the next probe"
STAND_INS = tomllib.loads((RECIPES / "official.toml").read_text())


class OutOfReachError(EngineError):
    """An image is not on this machine, and its registry does not deliver it."""

    def __init__(self, name: str, reason: str | None) -> None:
        """State the engine's reason, and how to fix the problem."""
        why = (reason or "no reason given").strip().splitlines()[-1]
        super().__init__(
            f"{name} is not here, and cannot be pulled ({why}):"
            " connect this machine to its registry, or pull the image beforehand"
        )


def names(dockerfile: Path) -> list[str]:
    """Return the images that a Dockerfile starts from or copies from, except its own stages."""
    text = dockerfile.read_text()
    stages = re.findall(r"(?mi)^FROM\s.*\sAS\s+(\S+)", text)
    found = re.findall(r"(?mi)^FROM\s+(?:--platform=\S+\s+)?(\S+)|\bfrom=([^\s,]+)", text)
    return [name for name in map("".join, dict.fromkeys(found)) if name not in [*stages, "scratch"]]


def ensure(
    docker: DockerClient,
    images: Iterable[str],
    cache: Path,
    *,
    stand_ins: bool,
    say: Callable[[str], None],
) -> None:
    """Pull the images that are missing, or build their stand-ins if that is allowed.

    `say` gets a line about each image that takes time. Raises OutOfReachError.
    """
    for name in images:
        with FileLock(cache / "base-images.lock"):
            _have(docker, name, cache, stand_ins=stand_ins, say=say)


@cache
def described(docker: DockerClient, image: str) -> tuple[str, str]:
    """Return a pair for a test's results: the base image, or its stand-in."""
    stand_in = _labels(docker, image).get("stand-in")
    return ("stand-in", f"{image} is {stand_in}") if stand_in else ("base image", image)


def differences(docker: DockerClient, image: str) -> dict[str, str | list[str]]:
    """Return what an image has that the official one does not have, by the fact's name."""
    official = STAND_INS[image]
    probes = official.get("probes", {})
    expected = official["facts"] | {name: prints for name, (_, prints) in probes.items()}
    commands = {name: command for name, (command, _) in probes.items()}
    found = _configuration(docker, image) | _printed(docker, image, commands)
    return {name: found[name] for name, fact in expected.items() if found[name] != fact}


def _printed(docker: DockerClient, image: str, commands: dict[str, str]) -> dict[str, str]:
    """Run shell commands in one container of an image, and return the output of each."""
    if not commands:
        return {}
    script = "".join(f"( {command} ) 2>&1; echo '{NEXT}'\n" for command in commands.values())
    env = {"PYTHONDONTWRITEBYTECODE": "1"}  # a probe counts such files
    printed = docker.run(image, ["-c", script], entrypoint="sh", envs=env, remove=True).split(NEXT)
    return dict(zip(commands, (text.strip("\n") for text in printed), strict=False))


def _configuration(docker: DockerClient, image: str) -> dict[str, str | list[str]]:
    """Return an engine's description of an image, under the names of the facts."""
    config = docker.image.inspect(image).config
    return {
        "user": config.user or "",
        "folder": str(config.working_dir or "").removeprefix(".").removesuffix("/"),
        "entrypoint": config.entrypoint or [],
        "command": config.cmd or [],
        "ports": sorted(map(str, config.exposed_ports or [])),
        "volumes": sorted(config.volumes or []),
        "stop-signal": str(config.stop_signal or ""),
        "environment": sorted(entry.partition("=")[0] for entry in config.env or []),
    }


def _labels(docker: DockerClient, image: str) -> dict[str, str]:
    with suppress(NoSuchImage):
        return docker.image.inspect(image).config.labels or {}
    return {}


def _is_here(docker: DockerClient, name: str) -> bool:
    """Whether an image is here, unless it is a stand-in made in an outdated way."""
    made = _labels(docker, name).get("recipe")
    return docker.image.exists(name) and (made is None or made == _recipe(name))


def _recipe(name: str) -> str:
    """Return a digest of everything that a stand-in is made from."""
    recipe = RECIPES / STAND_INS[name]["recipe"]
    files = sorted(path for path in (RECIPES / recipe.stem).rglob("*") if path.is_file())
    made = "".join([STAND_INS[name]["stand-in"], *_arguments(name).values()]).encode()
    return sha256(made + b"".join(path.read_bytes() for path in [recipe, *files])).hexdigest()


def _arguments(name: str) -> dict[str, str]:
    """Return what a stand-in's recipe takes as build arguments, such as a version."""
    arguments: dict[str, str] = STAND_INS[name].get("arguments", {})
    return arguments


def _have(
    docker: DockerClient, name: str, cache: Path, *, stand_ins: bool, say: Callable[[str], None]
) -> None:
    if _is_here(docker, name):
        return
    say(f"pulling {name}")
    try:
        docker.pull(full(name), quiet=True)
    except DockerException as error:
        if not stand_ins or name not in STAND_INS:
            raise OutOfReachError(name, error.stderr) from error
        say(f"no registry answers: making {name} from Debian's packages")
        recipe = STAND_INS[name]["recipe"]
        for base in names(RECIPES / recipe):
            if base in STAND_INS:
                _have(docker, base, cache, stand_ins=stand_ins, say=say)
            elif base == "debian" and not docker.image.exists(base):
                _make_debian(docker, cache)
        arguments = _arguments(name)
        build = partial(docker.legacy_build, RECIPES, file=RECIPES / recipe)
        build(tags="stand-in", build_args=arguments)
        version = STAND_INS[name].get("version", "")
        if version:
            version = docker.run("stand-in", ["-c", version], entrypoint="sh", remove=True)
        labels = {"stand-in": STAND_INS[name]["stand-in"].format(version), "recipe": _recipe(name)}
        build(tags=name, build_args={**arguments, "VERSION": version}, labels=labels)
        docker.image.remove("stand-in")


def full(name: str) -> str:
    """Return an image's name with its registry, because Podman cannot pull without it.

    Podman also finds images from Docker Hub under their short names.
    """
    first, slash, _ = name.partition("/")
    if slash and "." in first:
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def _make_debian(docker: DockerClient, cache: Path) -> None:
    """Import Debian's smallest system, with this machine's mirror and certificates."""
    tar, apt = cache / "debian.tar", [
        'Acquire::Check-Valid-Until "false"',  # a mirror's copy of forky may be old
        'APT::Install-Recommends "false"',
        'Dir::Cache::pkgcache ""',
        'Dir::Cache::srcpkgcache ""',
        'DPkg::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb || true";}',
    ]  # fmt: skip
    source = f"deb [signed-by={KEYRING}] {debian_mirror()} forky main"
    subprocess.run(
        [
            cache / "engine/bin/mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
            "--include=ca-certificates,debian-archive-keyring",
            *(f"--aptopt={line}" for line in apt),
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale")),
            "--customize-hook=cp -r /usr/local/share/ca-certificates $1/usr/local/share",
            "--customize-hook=chroot $1 update-ca-certificates",
            # debconf's questions, of which no build has an answer: 1 s of each installation.
            "--customize-hook=rm $1/etc/apt/apt.conf.d/70debconf",
            "forky", tar, source,
        ],
        check=True, env=os.environ | {"PATH": f"{cache}/engine/bin:{os.environ['PATH']}"},
        capture_output=True,
    )  # fmt: skip
    trust = "ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"  # otherwise uv uses its own
    docker.image.import_(tar, "debian", changes=['CMD ["bash"]', trust])
    tar.unlink()
