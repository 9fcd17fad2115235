"""The manifests of docs/kubernetes.md, and a Podman that has them, for the Kubernetes pages."""

import json

import pytest
import yaml

from harness import SNIPPETS
from scenarios.pods import Podman

WEB = (SNIPPETS / "kubernetes/production.web.yaml").read_text()
JOB = (SNIPPETS / "kubernetes/migrate.job.yaml").read_text()
DEPLOYMENT, *_ = yaml.safe_load_all(WEB)
PODS = [DEPLOYMENT["spec"]["template"]["spec"], yaml.safe_load(JOB)["spec"]["template"]["spec"]]
[WEB_CONTAINER] = PODS[0]["containers"]
KEYS = {"SECRET_KEY": "for-this-test-alone", "DATABASE_URL": "sqlite:////tmp/db.sqlite3"}
SHOP = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop"}}
PLAY_JOB = """
podman kube play --replace /tmp/job.yaml
podman wait {pod}-pod-migrate
podman logs {pod}-pod-migrate
"""
PLAY = """
podman kube play --replace --publish 8000:8000 /tmp/web.yaml
timeout 60 sh -c 'until podman logs web-pod-web 2>&1 | grep "Booting worker"; do sleep 0.5; done'
"""


@pytest.fixture(scope="module")
def node(podman):
    """Return Podman with the manifests and the Secret, for one file's tests."""
    podman.write({"/tmp/web.yaml": WEB, "/tmp/job.yaml": JOB})
    replace_secret(podman, KEYS)
    return podman


def replace_secret(podman: Podman, values: dict[str, str]) -> None:
    """Give the Secret of the pages these values, whether it exists or not."""
    secret = json.dumps(SHOP | {"stringData": values})
    podman.sh('podman secret rm shop; printf %s "$1" | podman kube play -', secret)
