"""The proofs of docs/kubernetes-rollouts.md."""

import os
import subprocess
import time

import pytest
import yaml

from harness import SNIPPETS
from harness.load import Load
from scenarios.kubernetes import JOB, PLAY, PODS, WEB_CONTAINER
from scenarios.pods import IMAGE

SCRIPT = SNIPPETS / "kubernetes/deploy.rollout.sh"
COMMANDS = [
    "apply --filename job.yaml",
    "wait --for=condition=Complete --timeout=600s --filename job.yaml",
    "apply --filename web.yaml",
    "rollout status deployment web --timeout=300s",
]
GRACEFUL_TIMEOUT = 30  # seconds, Gunicorn's default
PLAY_JOB = """
podman kube play --replace /tmp/job.yaml
podman wait {pod}-pod-migrate
podman logs {pod}-pod-migrate
"""


def test_job_migrates_once(podman):
    """Podman runs it under the manifest: each migration, exit code 0, and no second start."""
    name = yaml.safe_load(JOB)["metadata"]["name"]

    told = podman.sh(PLAY_JOB.format(pod=name))

    assert "Applying core.0001_initial... OK" in told
    assert "\n0\n" in told
    count = "podman inspect --format '{{.RestartCount}} {{.HostConfig.RestartPolicy.Name}}' "
    assert podman.sh(f"{count} {name}-pod-migrate").split()[0] == "0"


@pytest.mark.parametrize(("fails", "asked"), [("none", 4), ("wait", 2)])
def test_rollout_waits_for_the_job(tmp_path, fails, asked):
    """The script of the page with a kubectl that only notes what it is asked, and may fail."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$@" >> asked\ntest "$1" != {fails}\n')
    kubectl.chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    done = subprocess.run([SCRIPT], check=False, cwd=tmp_path, env=env)

    commands = (tmp_path / "asked").read_text().splitlines()
    assert (done.returncode == 0) is (fails == "none")
    assert commands == COMMANDS[:asked]


def test_job_has_the_image_of_the_web():
    """Both files name one image, and the Job's name tells its version."""
    job = yaml.safe_load(JOB)

    [migrate] = PODS[1]["containers"]
    assert migrate["image"] == WEB_CONTAINER["image"] == IMAGE
    assert job["metadata"]["name"].endswith(IMAGE.rpartition(":")[2].replace(".", "-"))


def test_sleep_before_sigterm_answers_latecomers(small_image, run):
    """Clients ask for two seconds more: before the signal all are answered, after it not."""
    after, before = run(small_image), run(small_image)

    with Load(f"{after.address}/health/") as load:
        after.kill("SIGTERM")
        time.sleep(2)
    assert load.lost > 0

    with Load(f"{before.address}/health/") as load:
        time.sleep(2)
    before.kill("SIGTERM")
    assert load.lost == 0
    assert before.exit_code == 0


def test_grace_covers_sleep_and_requests():
    """PreStop and Gunicorn's thirty seconds end before Kubernetes kills."""
    sleep = WEB_CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert PODS[0]["terminationGracePeriodSeconds"] >= sleep + GRACEFUL_TIMEOUT + 5


def test_stopped_pod_finishes_its_request(podman):
    """Podman stops it with the grace of the manifest: 13 s are more than its own ten."""
    podman.sh(PLAY)
    response = podman.begin_get("/sleep/13/")

    podman.sh("podman stop web-pod-web")

    assert response.result().text == "slept"
    assert podman.sh("podman wait web-pod-web") == "0"
    assert "Shutting down: Master" in podman.sh("podman logs web-pod-web")
