"""What a test run used, and how it ended: a JSON file next to its JUnit results."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from python_on_whales import DockerClient

from harness import ROOT, engine

WHOLE_RUNS = ROOT / "docs/_data/machines.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that stores the record of a complete run."""
    parser.addoption("--keep", action="store_true", help="show this whole run on the site")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to store a partial run, which would look like a complete one."""
    if config.option.keep and not is_whole(config):
        message = "--keep is for a run of all tests: name no file, no -k and no -m"
        raise pytest.UsageError(message)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write the record: .cache/proofs.json next to .cache/proofs.xml."""
    client = engine.running()
    if client is None or not config.option.xmlpath:
        return
    ended = {
        name: terminalreporter.getreports(name) for name in ("passed", "failed", "error", "skipped")
    }
    used = {name for report in ended["passed"] for name, _ in report.user_properties}
    record = described(client) | {
        "images": "stand-ins" if "stand-in" in used else "official",
        "passed": len(ended["passed"]),
        "failed": len({report.nodeid for report in ended["failed"] + ended["error"]}),
        "skipped": len(ended["skipped"]),
        "whole": is_whole(config),
    }
    path = (config.rootpath / config.option.xmlpath).with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{json.dumps(record, indent=1)}\n")
    if config.option.keep:
        keep(record)


def described(client: DockerClient) -> dict[str, str]:
    """Return the facts about this machine that affect the tests, each as a short text.

    `registry` is the source of official images; a machine with its own registry sets
    PROOFS_REGISTRY.
    """
    command = [*client.client_config.docker_cmd, "info", "--format", "json"]
    info = json.loads(subprocess.check_output(command, stderr=subprocess.DEVNULL))
    podman = info.get("host", {})  # Podman's names for the same facts
    version = info["version"]["Version"] if podman else info["ServerVersion"]
    cgroup = podman.get("cgroupVersion") or f"v{info['CgroupVersion']}"
    driver = podman.get("cgroupManager") or info["CgroupDriver"]
    return {
        "machine": os.environ.get("PROOFS_MACHINE", ""),
        "engine": f"{client.client_config.client_type.title()} {version}",
        "registry": os.environ.get("PROOFS_REGISTRY", "")
        or ("none" if engine.is_private(client) else "the official ones"),
        "cgroup": f"{cgroup}, {driver}",
        "user": "root" if os.geteuid() == 0 else "not root",
        "python": platform.python_version(),
        "system": system(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def system() -> str:
    """Return the name of the operating system, such as Debian GNU/Linux 12 (bookworm)."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:  # not Linux
        return platform.platform(terse=True)


def is_whole(config: pytest.Config) -> bool:
    """Whether all tests run: their whole directory, without an option that selects some."""
    paths = {Path(arg).resolve() for arg in config.args}
    narrowing = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "collectonly")
    narrowed = any(getattr(config.option, name, None) for name in narrowing)
    return paths == {ROOT / "tests"} and not narrowed


def keep(record: dict[str, Any]) -> None:
    """Replace the same machine's last record in docs/_data/machines.json."""
    kept = json.loads(WHOLE_RUNS.read_text())
    kept = [other for other in kept if other["machine"] != record["machine"]]
    WHOLE_RUNS.write_text(f"{json.dumps([*kept, record], indent=1)}\n")
