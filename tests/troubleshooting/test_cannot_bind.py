"""The proofs of docs/troubleshooting/cannot-bind.md."""

import json

import pytest

ENTRY = "troubleshooting/cannot-bind"
GIVEN_UP = "Can't connect to"
ADDRESS_FAMILY_NOT_SUPPORTED, IPV6 = 97, 10
RULE = {"index": 0, "value": IPV6, "op": "SCMP_CMP_EQ"}
NO_IPV6 = {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [RULE]}
PROFILE = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [NO_IPV6 | {"errnoRet": ADDRESS_FAMILY_NOT_SUPPORTED}],
}


def test_address_of_another_machine_ends_gunicorn(plain_image, run, replay):
    """No interface of the container has this address."""
    command = ["gunicorn", "core.wsgi", "--bind", "192.0.2.1:8000"]
    container = run(plain_image, *command, ready=GIVEN_UP)

    assert container.exit_code == 1
    assert container.logs().count("Invalid address: ('192.0.2.1', 8000)") == 5
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=plain_image)


@pytest.mark.docker_only("Docker's profile of system calls")
def test_kernel_without_ipv6_ends_gunicorn(plain_image, run, tmp_path):
    """A system-call filter rejects IPv6, as a kernel without it does."""
    profile = tmp_path / "no-ipv6.json"
    profile.write_text(json.dumps(PROFILE))
    command = ["gunicorn", "core.wsgi", "--bind", "[::]:8000"]
    options = {"ready": GIVEN_UP, "security_options": [f"seccomp={profile}"]}
    container = run(plain_image, *command, **options)

    assert container.exit_code == 1
    assert "[Errno 97] Address family not supported by protocol" in container.logs()
