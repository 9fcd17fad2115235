"""The proofs of docs/podman.md, in a Podman that runs inside a container of any engine."""

from scenarios.pods import IMAGE

OWNER = "stat --format %u $(podman volume inspect --format '{{.Mountpoint}}' kept)"
FIRST = f"podman run --rm --volume kept:/data {IMAGE}"  # the image's directory is of user 10001
NEXT = f"podman run --rm --user 101 --volume kept:/visited:ro {IMAGE} true"
# The official image of Podman shares more with its host than Podman does elsewhere.
OWN = "--network none --uts private --ipc private"
LISTEN = f"{IMAGE} python -c \"import socket; socket.create_server(('', 80))\""
ALLOW = "--sysctl net.ipv4.ip_unprivileged_port_start=0"
HOME = "python -c \"import os; print(os.path.expanduser('~'))\""
SECRET = f"""
cd "$(mktemp -d)" && echo secret > token
printf 'FROM {IMAGE}\\nRUN --mount=type=secret,id=token%s true\\n' "$1" > Dockerfile
podman build --quiet --ulimit nofile=1024 --ulimit nproc=1024 --secret id=token,src=token . \\
    && echo built
"""
MOUNTED = f"""
cd "$(mktemp -d)" && echo kept > lock && echo lock > .dockerignore
printf 'FROM {IMAGE}\\n%s\\n' "$1" > Dockerfile
podman build --quiet --ulimit nofile=1024 --ulimit nproc=1024 . && echo built
"""
MOUNT = "RUN --mount=type=bind,source=lock,target=/tmp/lock grep kept /tmp/lock"
STAGES = f"""
cd "$(mktemp -d)"
printf 'FROM {IMAGE} AS made\\nUSER root\\n' > Dockerfile
printf 'RUN --mount=type=bind,source=asked,target=/asked cp /asked /made\\n' >> Dockerfile
printf 'FROM {IMAGE}\\nUSER root\\n' >> Dockerfile
printf 'RUN --mount=from=made,source=/made,target=/made %s cp /made /used\\n' "$1" >> Dockerfile
for asked in first second first; do
    echo $asked > asked
    podman build --quiet --ulimit nofile=1024 --ulimit nproc=1024 --tag used . > /dev/null
    podman run --rm {OWN} used cat /used
done
"""
CHECKED = f"""
export $1
printf 'FROM {IMAGE}\\nHEALTHCHECK CMD true\\n' | podman build --quiet --tag checked -
podman image inspect --format '{{{{.HealthCheck}}}}' checked
"""
LONG = f"""
podman run --detach --name long --health-interval disable \\
    --health-cmd 'printf %0900d 7; exit 1' {IMAGE} sleep 600
podman healthcheck run long
podman inspect --format '{{{{range .State.Health.Log}}}}{{{{len .Output}}}}{{{{end}}}}' long
podman rm --force --time 0 long
"""
NAMED = f"""
podman run --detach --name named {OWN} {IMAGE} sh -c 'echo "program=$HOSTNAME"; exec sleep 600'
podman exec named sh -c 'echo "exec=$HOSTNAME, $(hostname)"'
podman logs named
podman rm --force --time 0 named
"""


def test_empty_volume_changes_its_owner(podman):
    """The image's directory belongs to user 10001; then a container of user 101 mounts it."""
    owners = []
    for command in "true", "touch /data/.keep":
        podman.sh(f"{FIRST} {command}")
        podman.sh(NEXT)
        owners.append(podman.sh(OWNER))
        podman.sh("podman volume rm kept")

    assert owners == ["101", "10001"]


def test_exec_has_no_hostname_variable(podman):
    """The program of the container has it, and the command `hostname` works for both."""
    [name, inside, program, _] = podman.sh(NAMED).splitlines()

    assert inside == f"exec=, {name[:12]}"
    assert program == f"program={name[:12]}"


def test_low_port_needs_a_setting(podman):
    """User 10001 listens on port 80, without and with the setting."""
    without = podman.sh(f"podman run --rm {OWN} {LISTEN} && echo it listens")
    with_setting = podman.sh(f"podman run --rm {OWN} {ALLOW} {LISTEN} && echo it listens")

    assert "PermissionError: [Errno 13] Permission denied" in without
    assert with_setting == "it listens"


def test_user_without_an_account_gets_one(podman):
    """The new account's home is the working directory."""
    assert podman.sh(f"podman run --rm --user 4321 {IMAGE} {HOME}") == "/app"


def test_secret_cannot_be_a_variable(podman):
    """As a file, the same secret is mounted."""
    assert "secret should have syntax id=id" in podman.sh(SECRET, ",env=TOKEN")
    assert podman.sh(SECRET, "").endswith("built")


def test_ignore_file_does_not_apply_to_mounts(podman):
    """A step mounts the file that another one cannot copy."""
    assert "copied (1 filtered out using" in podman.sh(MOUNTED, "COPY lock .")
    assert podman.sh(MOUNTED, MOUNT).endswith("built")


def test_mounted_stage_can_be_an_old_one(podman):
    """A stage makes a file again that it has made before; another stage mounts and copies it.

    If that other step also mounts what the first stage reads, it gets the right file.
    """
    also = "--mount=type=bind,source=asked,target=/asked"

    assert podman.sh(STAGES, "").split() == ["first", "second", "second"]
    assert podman.sh(STAGES, also).split() == ["first", "second", "first"]


def test_image_keeps_its_check_in_the_format_of_docker(podman):
    """With the variable, the image has its check; without it, the build prints a warning."""
    without, with_format = podman.sh(CHECKED, "NO=1"), podman.sh(CHECKED, "BUILDAH_FORMAT=docker")

    assert "HEALTHCHECK is not supported for OCI image format and will be ignored" in without
    assert without.splitlines()[-1] == "<nil>"
    assert "CMD-SHELL true" in with_format.splitlines()[-1]


def test_output_of_a_check_is_cut(podman):
    """The check prints 900 characters."""
    assert podman.sh(LONG).splitlines()[1:3] == ["unhealthy", "500"]


def test_shared_memory_is_smaller(podman):
    """It has 62.5 MB, as `df` counts it in kilobytes of 1,024 bytes."""
    size = podman.sh(f"podman run --rm {OWN} {IMAGE} df --output=size /dev/shm").split()[-1]

    assert size == "64000"
