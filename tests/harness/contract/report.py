"""How the commands for a reader's image run and report: options, one process, one line a test."""

from pathlib import Path

import pytest

MARKS = {"passed": "✓", "failed": "✗", "skipped": "○"}
COMMANDS = {"contract.py", "bench_your_image.py"}
NOTES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that describe the image to check."""
    group = parser.getgroup("contract", f"an image of yours, for {' and '.join(sorted(COMMANDS))}")
    group.addoption("--image", metavar="NAME", help="the image to check")
    group.addoption("--build", metavar="DOCKERFILE", type=Path, help="build the image to check")
    group.addoption("--context", type=Path, help="build in this folder (default: DOCKERFILE's)")
    group.addoption("--env", action="append", default=[], metavar="NAME=VALUE",
                    help="an environment variable that the image needs; repeatable")  # fmt: skip
    group.addoption("--path", default="/", help="the path to request (default: /)")
    group.addoption("--health-path", metavar="PATH", help="a path that returns 200 for any host")
    group.addoption("--within", action="store_true", help="take part in the run PROOFS_RUN")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """For a reader's image, use one process, the file's own order and this report."""
    if COMMANDS.isdisjoint(Path(arg.partition("::")[0]).name for arg in config.args):
        return
    if not config.option.image and not config.option.build:
        message = "name your image: --image my/image:tag, or --build path/to/Dockerfile"
        raise pytest.UsageError(message)
    quiet = {"verbose": -2, "tbstyle": "no", "reportchars": "", "durations": None, "capture": "no"}
    vars(config.option).update(quiet, numprocesses=0, randomly_reorganize=False)
    config.addinivalue_line("markers", "waits: check it in a thread from the beginning")
    config.pluginmanager.register(Report(), "contract-report")
    config.pluginmanager.import_plugin("harness.contract.fixtures")


class Report:
    """One line for each requirement as soon as its result is known, and the notes at the end."""

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Return a requirement's line: its failure, or that there is none."""
        if report.when != "call" and report.passed:
            return None
        reason = report.longrepr  # of a skip: its file, its line, its words
        why = reason[2] if isinstance(reason, tuple) else report.longreprtext
        words = report.location[2].removeprefix("test_").removeprefix("bench_").replace("_", " ")
        line = ": ".join(filter(None, [words, why.removeprefix("Skipped: ").strip()]))
        return report.outcome, f"{MARKS[report.outcome]} {line}\n", report.outcome

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what no requirement limits, such as the size."""
        for note in terminalreporter.config.stash.get(NOTES, [""]):
            terminalreporter.write_line(note)
