"""The proofs of docs/kubernetes.md."""

import pytest

from harness import SCENARIOS
from scenarios.kubernetes import JOB, PLAY, PODS, WEB, WEB_CONTAINER

VALIDATOR = SCENARIOS / "kubernetes.Dockerfile"
MANIFESTS = {"manifests/web.yaml": WEB, "manifests/job.yaml": JOB}
SUPPORTED = ["1.35", "1.36", "1.37"]  # https://kubernetes.io/releases/
VALIDATE = "cat /manifests/*.yaml > /tmp/all.yaml; sed -i '{change}' /tmp/all.yaml; "
VALIDATE += "kubernetes-validate --quiet --strict -k {version} /tmp/all.yaml 2>&1 && echo valid"
LOCKED = """
touch /app/x 2>&1
touch /tmp/x && echo writes to /tmp
touch /dev/shm/x && echo writes to /dev/shm
id -u
env
grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/1/status
"""


@pytest.fixture
def pod(podman):
    """Start the pod of the Deployment, unless it runs already."""
    if "Running" not in podman.sh("podman pod ps --format '{{.Name}} {{.Status}}'"):
        podman.sh(PLAY)
        podman.exec(
            "sh", "-c", "until podman logs web-pod-web 2>&1 | grep Booting; do sleep 1; done"
        )
    return podman


def test_manifests_fit_the_schemas(builder, run_once):
    """Each version that Kubernetes supports knows each key, and names one that is none."""
    container = run_once(builder.build(VALIDATOR, changes=MANIFESTS), "sleep", "600", ready="")

    found = {version: validate(container, version) for version in SUPPORTED}

    assert found == dict.fromkeys(SUPPORTED, "valid")
    assert "periodSecond" in validate(container, SUPPORTED[-1], "s/periodSeconds/periodSecond/")


@pytest.mark.parametrize("spec", PODS, ids=["web", "migrate"])
def test_pods_meet_the_restricted_standard(spec):
    """Each field that the standard asks of a Linux pod; of those it forbids, none is there."""
    [container] = spec["containers"]

    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert all({*volume} == {"name", "emptyDir"} for volume in spec["volumes"])
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & {*spec}
    assert all("hostPort" not in port for port in container.get("ports", ()))


def test_pod_serves_under_the_manifest(pod):
    """Podman runs it: Django's page, two workers, nothing in the log that is wrong."""
    answer = pod.get("/", headers={"Host": "shop.example"})

    log = pod.sh("podman logs web-pod-web")
    assert "Hello from Django" in answer.text
    assert log.count("Booting worker") == 2
    assert "Errno" not in log


def test_pod_may_write_to_memory_and_tmp_alone(pod):
    """The root is read-only, Gunicorn's /dev/shm and Django's /tmp are not; nothing is root's."""
    inside = pod.sh('podman exec web-pod-web sh -c "$1"', LOCKED)

    assert "'/app/x': Read-only file system" in inside
    assert "writes to /tmp" in inside
    assert "writes to /dev/shm" in inside
    assert "\n10001\n" in inside
    assert "CapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2" in inside


def test_probes_get_a_200(pod):
    """What the manifest asks, with the Host that Kubernetes sends: the pod's address."""
    for name in "startupProbe", "livenessProbe", "readinessProbe":
        asked = WEB_CONTAINER[name]["httpGet"]
        headers = {header["name"]: header["value"] for header in asked.get("httpHeaders", ())}

        answer = pod.get(asked["path"], headers={"Host": "10.88.0.2:8000", **headers})
        assert (name, answer.status_code) == (name, 200)


def test_probe_of_a_page_needs_a_host(pod):
    """The pod's address is none of ALLOWED_HOSTS, and the value of httpHeaders is."""
    path = "/health/"

    assert pod.get(path, headers={"Host": "10.88.0.2:8000"}).status_code == 400
    assert pod.get(path, headers={"Host": "shop.example"}).status_code == 200


def test_image_does_not_read_gunicorn_workers(app_image, run):
    """Four are asked for, and the two of the image's WEB_CONCURRENCY boot."""
    container = run(app_image, env={"GUNICORN_WORKERS": "4"})
    container.wait_for_log("Booting worker", count=2)

    container.get("/sleep/1/")

    assert container.logs().count("Booting worker") == 2


def validate(container, version, change=""):
    """Return `valid`, or what is wrong with the manifests, changed by sed."""
    script = VALIDATE.format(version=version, change=change)
    return container.exec("sh", "-c", f"{script} || true")
