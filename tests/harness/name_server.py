"""A network's name server: Docker's has the same address everywhere, Podman's is the gateway."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from python_on_whales import Container, DockerClient

DOCKERS = "127.0.0.11"
CONF = "/etc/nginx/conf.d/default.conf"


def gateway(docker: DockerClient, network: str) -> str:
    """Return the address at which a network's containers reach this machine."""
    if docker.client_config.client_type != "podman":
        [subnet, *_] = docker.network.inspect(network).ipam.config or []
        return str(subnet["Gateway"])
    command = [*docker.client_config.docker_cmd, "network", "inspect", network]
    command += ["--format", "{{range .Subnets}}{{.Gateway}} {{end}}"]
    return subprocess.check_output(command, text=True).split()[0]


def naming(docker: DockerClient, network: str, conf: str) -> str:
    """Return the nginx file with the engine's name server, as docs/proxy.md says."""
    if docker.client_config.client_type != "podman":
        return conf
    return conf.replace(DOCKERS, gateway(docker, network))


def configure(docker: DockerClient, nginx: Container, folder: Path) -> None:
    """Do the same for an nginx that has not started, with its file in a directory or an image."""
    [network, *_] = nginx.network_settings.networks or []
    with TemporaryDirectory() as temporary:
        places = [folder / place / Path(CONF).name for place in ("nginx", "")]
        conf = next(filter(Path.exists, places), None)
        if conf is None:
            conf = Path(temporary) / Path(CONF).name
            docker.copy((nginx, CONF), conf)
        conf.write_text(naming(docker, network, conf.read_text()))
        if not conf.is_relative_to(folder):
            docker.copy(conf, (nginx, CONF))
