"""The proofs of docs/runbook-card.md."""

import re
import shlex
import subprocess

from harness.browser import DOCS

CARD = (DOCS / "runbook-card.md").read_text()
SYMPTOMS, TOOLS, _ = re.split(r"(?m)^## .*$", CARD)
COMMANDS = sorted(set(re.findall(r"\| `(docker [^`]*)` \|", SYMPTOMS)))
ROWS = re.findall(r"(?m)^\| `(docker [^`]*)` \| `(docker [^`]*)` \|", TOOLS)


def test_card_prints_on_one_sheet(visit):
    """As an A4 PDF from the browser, the card has one page."""
    pdf = visit("runbook-card").pdf(format="A4")

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


def test_commands_of_the_card_run(build, run, docker):
    """Each command runs against a healthy container, and exits with code 0."""
    container = run(build("signals/exec-form.Dockerfile"))
    client = shlex.join(map(str, docker.client_config.docker_cmd))

    failed = []
    for command in COMMANDS:
        line = re.sub(r"\bweb\b", container.handle.id, command.replace("docker", client, 1))
        if subprocess.run(line, check=False, shell=True, capture_output=True).returncode:
            failed.append(command)

    assert len(COMMANDS) >= 8
    assert failed == []


def test_docker_and_compose_commands_of_the_table_run(small_image, stack):
    """Every command of a column runs, in order, on a Compose service's container."""
    stack = stack("timeouts/in-order.compose.yaml", services={"web": {"image": small_image}})
    stack.run("up", "--detach", "--no-build", "web")
    stack.service("web").wait_for_log("Booting worker")
    name = stack.service("web").handle.name

    failed = []
    for docker, compose in ROWS:
        for command in re.sub(r"\bweb\b", name, docker), compose:
            done = stack.shell(command)
            if done.returncode:
                failed.append((command, done.stdout))

    assert len(ROWS) >= 7
    assert failed == []
