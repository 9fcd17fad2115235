"""The proofs of docs/troubleshooting/windows-line-ends.md."""

import re

import pytest
from python_on_whales.exceptions import DockerException

from harness import SNIPPETS

SCRIPT = "signals/exec-in-script.entrypoint.sh"
FROM_WINDOWS = (SNIPPETS / SCRIPT).read_text().replace("\n", "\r\n")
ENTRY = "troubleshooting/windows-line-ends"
READERS = {
    r"\$'\\r': command not found": "#!/bin/sh | bash $d/x.sh",
    r"env: 'python3\\r': No such file or directory": "#!/usr/bin/env python3 | $d/x.sh",
    r"\^M: bad interpreter|cannot execute: required file not found": "#!/bin/bash | $d/x.sh",
}
OWN = """d=$(mktemp -d); trap 'rm -r "$d"' EXIT"""
MEND = r"sed -i 's/\r$//' entrypoint.sh && exec ./entrypoint.sh"


@pytest.fixture
def image(build):
    """Return an image whose script has Windows line endings."""
    dockerfile = "signals/exec-in-script.Dockerfile"
    return build(dockerfile, files=[SCRIPT], changes={"entrypoint.sh": FROM_WINDOWS})


@pytest.mark.docker_only("runc, whose message this is")
def test_carriage_return_hides_the_shell(image, run, replay):
    """The container exits: the shell's name in the first line ends with a carriage return."""
    container = run(image, ready="")

    assert container.exit_code != 0
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=image)


def test_script_runs_without_its_carriage_returns(image, run):
    """The page's command runs first, as root, as in a build."""
    run(image, "-c", MEND, entrypoint="sh", user="0", ready="starting version")


@pytest.mark.docker_only("runc, whose message this is")
def test_missing_script_is_told_with_stat(image, run):
    """The error is the same as in the other line, with `stat` added."""
    with pytest.raises(DockerException, match=r"stat \./nosuch.sh: no such file or directory"):
        run(image, entrypoint="./nosuch.sh", ready="")


@pytest.mark.parametrize(("line", "command"), READERS.items())
def test_each_reader_has_its_words_for_a_carriage_return(inside, plain_image, line, command):
    """Every script has Windows line endings, and an empty second line."""
    shebang, _, start = command.partition(" | ")
    script = f"{OWN}; printf '{shebang}\\r\\n\\r\\n' > $d/x.sh; chmod +x $d/x.sh; {start}"
    done = inside(plain_image, "bash", "-c", script)

    assert re.search(line, done.output)
