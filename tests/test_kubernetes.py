"""The proofs of docs/kubernetes.md."""

import re

import pytest
import yaml

from harness import SCENARIOS
from harness.texts import edited
from scenarios import forms, kubernetes, whitenoise
from scenarios.databases import READY
from scenarios.kubernetes import JOB, PLAY, PLAY_JOB, PODS, WEB, WEB_CONTAINER, replace_secret
from scenarios.walk import TRIED

VALIDATOR = SCENARIOS / "kubernetes.Dockerfile"
SUPPORTED = ["1.35", "1.36", "1.37"]  # https://kubernetes.io/releases/
KEYS = {  # for each kind, a key that its schema has
    "Deployment": "terminationGracePeriodSeconds",
    "Service": "targetPort",
    "PodDisruptionBudget": "maxUnavailable",
    "HorizontalPodAutoscaler": "averageUtilization",
    "Ingress": "secretName",
    "NetworkPolicy": "podSelector",
    "Job": "backoffLimit",
}
VALIDATE = """
for object in /manifests/{folder}/*.yaml; do
    basename "$object" .yaml
    kubernetes-validate --quiet --strict -k {version} "$object" 2>&1 && echo valid
    echo ----
done
"""
DRIVER = "psycopg[binary]==3.3.9\n"
LISTENS = "listening on IPv4"
SHOP = {"headers": {"Host": "shop.example"}}
FORGED = {"SCRIPT_NAME": "/echo", "PATH_INFO": "/forged/", "REMOTE_ADDR": "203.0.113.9"}
LOCKED = """
touch /app/x 2>&1
touch /tmp/x && echo writes to /tmp
touch /dev/shm/x && echo writes to /dev/shm
id -u
env
grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/1/status
"""


@pytest.fixture
def pod(node):
    """Start the Deployment's pod, unless it is already running."""
    if "Running" not in node.sh("podman pod ps --format '{{.Name}} {{.Status}}'"):
        node.sh(PLAY)
        node.exec("sh", "-c", "until podman logs web-pod-web 2>&1 | grep Booting; do sleep 1; done")
    return node


def test_manifests_fit_the_schemas(builder, run_once):
    """Each object of both files is valid in each version, but invalid with a misspelled key."""
    objects = dict(kind_and_text for file in (WEB, JOB) for kind_and_text in documents(file))
    broken = {
        kind: edited(text, {f"{KEYS[kind]}:": "misspelled:"}) for kind, text in objects.items()
    }
    manifests = {
        f"manifests/{folder}/{kind}.yaml": text
        for folder, texts in {"good": objects, "broken": broken}.items()
        for kind, text in texts.items()
    }
    container = run_once(builder.build(VALIDATOR, changes=manifests), "sleep", "600", ready="")

    found = {version: validate(container, version, "good") for version in SUPPORTED}
    refused = validate(container, SUPPORTED[-1], "broken")

    assert found == dict.fromkeys(SUPPORTED, dict.fromkeys(KEYS, "valid"))
    assert refused.keys() == KEYS.keys()
    assert [kind for kind, said in refused.items() if "misspelled" not in said] == []


@pytest.mark.parametrize("spec", PODS, ids=["web", "migrate"])
def test_pods_meet_the_restricted_standard(spec):
    """The pods meet every control of the standard, and have no other fields."""
    [container] = spec["containers"]
    user = {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001}
    probes = [probe for key, probe in container.items() if key.endswith("Probe")]

    assert spec["securityContext"] == {**user, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert all({*volume} == {"name", "emptyDir"} for volume in spec["volumes"])
    forbidden = {"hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"}
    assert not forbidden & {*spec}
    assert all("hostPort" not in port for port in container.get("ports", ()))
    assert all({*probe["httpGet"]} == {"path", "port"} for probe in probes)
    assert container.get("lifecycle", {}).get("preStop", {}).keys() <= {"sleep"}


def test_pod_serves_under_the_manifest(pod):
    """Podman runs the pod, which serves Django's page with two workers and logs no error."""
    answer = pod.get("/", **SHOP)

    log = pod.sh("podman logs web-pod-web")
    assert "Hello from Django" in answer.text
    assert log.count("Booting worker") == 2
    assert "Errno" not in log


def test_pod_serves_its_static_files(pod):
    """The stylesheet loads from the hashed name that Django's page links to."""
    link = re.search(whitenoise.LINK, pod.get("/", **SHOP).text)[1]

    stylesheet = pod.get(link, **SHOP)

    assert stylesheet.status_code == 200
    assert stylesheet.headers["Content-Type"].startswith("text/css")


def test_kubernetes_pages_lead_to_the_admin(node, walk, startproject, official, running):
    """The Job migrates PostgreSQL, and the pod then accepts the form, and serves its styles."""
    walk.begin(startproject())
    for page in "settings", "dockerfile", "health-checks":
        walk.follow(page, without=TRIED)
    walk.add("requirements.txt", DRIVER)
    walk.build()
    server = running(official("postgres:18"), env={"POSTGRES_PASSWORD": "postgres"}, ready=LISTENS)
    with server as db, node.holding(walk.image):
        db.exec("sh", "-c", READY)
        url = f"postgres://postgres:postgres@{db.ip_address}/postgres"
        try:
            replace_secret(node, kubernetes.KEYS | {"DATABASE_URL": url})
            migrated = node.sh(PLAY_JOB.format(pod=yaml.safe_load(JOB)["metadata"]["name"]))
            node.sh(PLAY)
            response = forms.posted(node.address, "shop.example")
            sheets = [node.get(link, **SHOP) for link in re.findall(forms.STYLES, response.text)]
        finally:
            node.sh("podman pod rm --force web-pod")
            replace_secret(node, kubernetes.KEYS)

    assert "Applying auth.0001_initial... OK" in migrated
    assert response.status_code == 200
    assert forms.PASSED in response.text
    assert {sheet.status_code for sheet in sheets} == {200}


def test_form_passes_behind_the_ingress(pod):
    """With an Ingress controller's header, Django knows that the form was sent over HTTPS."""
    pod.sh("podman exec web-pod-web python manage.py migrate")

    response = forms.posted(pod.address, "shop.example")

    assert response.status_code == 200
    assert forms.PASSED in response.text


def test_client_cannot_set_script_name(pod):
    """Each of these headers leaves the request that Django sees unchanged."""
    seen = [
        pod.get("/echo/", headers={**SHOP["headers"], name: value})
        for name, value in ({"X-Other": "1"} | FORGED).items()
    ]

    keys = "path", "remote_addr", "host", "scheme"
    plain, *forged = [[response.json()[key] for key in keys] for response in seen]
    assert forged == [plain] * len(FORGED)


def test_pod_may_write_to_memory_and_tmp_alone(pod):
    """Only Gunicorn's /dev/shm and Django's /tmp are writable, and no process is root's."""
    inside = pod.sh('podman exec web-pod-web sh -c "$1"', LOCKED)

    assert "'/app/x': Read-only file system" in inside
    assert "writes to /tmp" in inside
    assert "writes to /dev/shm" in inside
    assert "\n10001\n" in inside
    assert "CapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2" in inside


def test_probes_get_a_200(pod):
    """Sends the manifest's probes with the Host that Kubernetes uses, the pod's address."""
    for name in "startupProbe", "livenessProbe", "readinessProbe":
        asked = WEB_CONTAINER[name]["httpGet"]
        headers = {header["name"]: header["value"] for header in asked.get("httpHeaders", ())}

        answer = pod.get(asked["path"], headers={"Host": "10.88.0.2:8000", **headers})
        assert (name, answer.status_code) == (name, 200)


def test_probe_of_a_page_needs_a_host(pod):
    """ALLOWED_HOSTS has the value in httpHeaders, but not the pod's address."""
    path = "/health/"

    assert pod.get(path, headers={"Host": "10.88.0.2:8000"}).status_code == 400
    assert pod.get(path, headers={"Host": "shop.example"}).status_code == 200


def test_image_does_not_read_gunicorn_workers(app_image, run):
    """GUNICORN_WORKERS is four, but only the two workers of WEB_CONCURRENCY boot."""
    container = run(app_image, env={"GUNICORN_WORKERS": "4"})
    container.wait_for_log("Booting worker", count=2)

    container.get("/sleep/1/")

    assert container.logs().count("Booting worker") == 2


def documents(file):
    """Yield the kind and the text of each object in a YAML file."""
    for text in file.split("\n---\n"):
        [found] = yaml.safe_load_all(text)
        yield found["kind"], text


def validate(container, version, folder):
    """Return `valid` or the error for each object in a directory, by its kind."""
    said = container.exec("sh", "-c", VALIDATE.format(version=version, folder=folder))
    lines = [part.strip().partition("\n") for part in said.split("----")[:-1]]
    return {kind: rest for kind, _, rest in lines}
