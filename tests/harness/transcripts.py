"""Transcripts: a command, and its output when it was recorded and today."""

import os
import re
import subprocess
from pathlib import Path

from guide.evidence import FILE
from harness import SNIPPETS, stands_on

COLORS = {"CI", "GITHUB_ACTIONS", "CLICOLOR_FORCE", "FORCE_COLOR"}  # with these, tools print colors
MASKS = {
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d": "TIME",
    r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d": "TIME",
    r"\[(?!1\])\d+\]": "[PID]",
    r"(?<=\"process\": )(?!1\b)\d+": "PID",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*": "TIME",
    r"(?<=pid: )\d+|(?<=pid:)\d+": "PID",
    r"\b(sha256:)?[0-9a-f]{64}\b|\b[0-9a-f]{32}\b": "ID",
    r"\b\d+\.\d{6}s|(?<=\"seconds\": )[\d.]+": "SECONDS",
    r"0x[0-9a-f]+": "ADDRESS",
    r"\bdocker\.io/library/": "",  # Podman prints full names
    r"\b\d+\.\d+\.\d+\.\d+\b": "ADDRESS",
    r"(?<=ADDRESS:)\d{5}\b": "PORT",
    r"(?m)^ *(PID|\d+) +(?=COMMAND|/|gunicorn)": "PID ",
    r"/usr(/local)?/lib/python": "LIB/python",
    r"(LIB/python[^\s\"]+)(\", line |:)\d+": r"\1\2LINE",
    r"\bThread \d+": "Thread PID",
    r"\bThreadPoolExecutor-0_\d+": "ThreadPoolExecutor-0_N",  # whichever was idle
}


def mask(text: str) -> str:
    """Replace what differs between runs: times, process and image IDs, addresses."""
    for pattern, name in MASKS.items():
        text = re.sub(pattern, name, text)
    return text


def replay(
    transcript: Path,
    replacements: dict[str, str],
    cwd: Path,
    *,
    shown: dict[str, str],
    record: bool,
    env: dict[str, str] | None = None,
) -> str:
    """Run a transcript's command, and return the new output; compare it or record it.

    The command follows `$ `, up to a line that does not end with a backslash; `replacements`
    replace the reader's names with this run's, and `shown` replace this run's names with the
    reader's in the output; `env` adds to the environment.
    Raises AssertionError if it fails, or if its masked output differs from the record.
    """
    if transcript.is_relative_to(SNIPPETS):
        stands_on.add([(FILE, transcript.relative_to(SNIPPETS).as_posix())])
    text = transcript.read_text()
    command = re.match(r"\$ (?:.*\\\n)*.*\n", text)
    assert command, f"{transcript.name} does not begin with '$ ' and a command"
    line = command[0][2:]
    for name, real in replacements.items():
        line = re.sub(name, real, line)
    plain = {name: value for name, value in os.environ.items() if name not in COLORS}
    done = subprocess.run(line, check=False, shell=True, cwd=cwd, text=True,
                          env=plain | {"NO_COLOR": "1"} | (env or {}),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    assert done.returncode == 0, f"{line}{done.stdout}"
    printed = done.stdout.strip()
    for real, name in shown.items():
        printed = printed.replace(real, name)
    if record:
        transcript.write_text(f"{command[0]}{printed}".rstrip("\n") + "\n")
    else:
        same = mask(printed) == mask(text[command.end() :].strip())
        assert same, f"{transcript.name} now prints (write it again with --record):\n{done.stdout}"
    return done.stdout
