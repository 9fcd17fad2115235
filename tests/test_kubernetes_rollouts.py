"""The proofs of docs/kubernetes-rollouts.md."""

import os
import shutil
import subprocess
import time

import yaml

from harness import PROBES, SNIPPETS
from harness.container import wait_until
from harness.load import Load
from scenarios.kubernetes import JOB, PLAY, PLAY_JOB, PODS, WEB_CONTAINER
from scenarios.pods import IMAGE

SCRIPT = SNIPPETS / "kubernetes/deploy.rollout.sh"
KUBECTL = PROBES / "kubectl.sh"
APPLY, DELETE = "apply --filename job.yaml", "delete --filename job.yaml"
LOGS, WEB = "logs --selector app=migrate --tail -1", "apply --filename web.yaml"
STATUS = "rollout status deployment web --timeout=300s"
GRACEFUL_TIMEOUT = 30  # seconds, Gunicorn's default


def test_job_migrates_once(node):
    """Podman runs the Job's manifest: each migration is applied once, and the exit code is 0."""
    name = yaml.safe_load(JOB)["metadata"]["name"]

    told = node.sh(PLAY_JOB.format(pod=name))

    assert told.count("Applying core.0001_initial... OK") == 1
    assert "\n0\n" in told


def test_rollout_waits_for_the_job(tmp_path):
    """A fake kubectl simulates a Job, which completes before the script applies the pods."""
    code, commands = rollout(tmp_path, becomes="Complete")

    assert code == 0
    assert commands == [APPLY, WEB, STATUS]


def test_failed_job_ends_the_rollout(tmp_path):
    """The fake kubectl's Job fails: the script prints its log and applies no pods."""
    code, commands = rollout(tmp_path, becomes="Failed")

    assert code == 1
    assert commands == [APPLY, LOGS]


def test_failed_job_is_run_again(tmp_path):
    """The Job failed in an earlier run: the script deletes it, and the rollout succeeds."""
    code, commands = rollout(tmp_path, state="Failed", becomes="Complete")

    assert code == 0
    assert commands == [DELETE, APPLY, WEB, STATUS]


def test_job_has_the_image_of_the_web():
    """Both files use the same image, and the Job's name contains its version."""
    job = yaml.safe_load(JOB)

    [migrate] = PODS[1]["containers"]
    assert migrate["image"] == WEB_CONTAINER["image"] == IMAGE
    assert job["metadata"]["name"].endswith(IMAGE.rpartition(":")[2].replace(".", "-"))


def test_sleep_before_sigterm_answers_latecomers(app_image, run):
    """Clients send requests during the manifest's preStop, at the signal, and during the stop.

    No cluster runs the hook: this test sleeps for as long as the hook, and then sends SIGTERM.
    """
    sleep = WEB_CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    container = run(app_image)
    container.wait_for_log("Booting worker", count=2)

    with Load(f"{container.address}/sleep/0.1/", clients=4) as load:
        time.sleep(sleep)
        signaled = time.monotonic()
        container.kill("SIGTERM")
        stopping = time.monotonic() + 1  # until both workers have received it
        assert wait_until(lambda: load.begun[-1][0] > stopping)
    before = [answer for start, answer in load.begun if start < signaled]
    after = [answer for start, answer in load.begun if start > stopping]

    assert len(before) > sleep
    assert {*before} == {200}
    assert after
    assert 200 not in after
    assert container.exit_code == 0


def test_grace_covers_sleep_and_requests():
    """The preStop sleep plus Gunicorn's thirty seconds end before Kubernetes kills the pod."""
    sleep = WEB_CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert PODS[0]["terminationGracePeriodSeconds"] >= sleep + GRACEFUL_TIMEOUT + 5


def test_stopped_pod_finishes_its_request(node):
    """Podman stops the pod with the manifest's grace period; 13 s exceed Podman's own ten."""
    node.sh(PLAY)
    response = node.begin_get("/sleep/13/")

    node.sh("podman stop web-pod-web")

    assert response.result().text == "slept"
    assert node.sh("podman wait web-pod-web") == "0"
    assert "Shutting down: Master" in node.sh("podman logs web-pod-web")


def rollout(folder, becomes, state=""):
    """Run the page's script, and return its exit code and its kubectl commands, except `wait`.

    At first, a Job is in the given state or does not exist; an applied Job gets the second state.
    """
    shutil.copy(KUBECTL, folder / "kubectl")
    (folder / "job").write_text(state)
    env = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "BECOMES": becomes}
    done = subprocess.run([SCRIPT], check=False, cwd=folder, env=env)
    commands = (folder / "asked").read_text().splitlines()
    return done.returncode, [command for command in commands if not command.startswith("wait")]
