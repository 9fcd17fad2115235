"""The naming rule of the guide, in one place: pages, tests, proofs, benchmarks, files to copy.

The site and the tests both import it; nothing in here knows Sphinx or pytest.
"""

import re
from pathlib import Path, PurePosixPath

ALL_RESULTS = ".cache/proofs.xml"  # of a run of all tests
SOME_RESULTS = ".cache/some-proofs.xml"  # of a run that left out tests
WITHOUT_CLAIMS = ("site", "walks")  # folders of tests that no sentence names
PROOF = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SNIPPET = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.\.?\w.*")


def test_file(page: str) -> str:
    """Return the file of tests that proves a page, such as tests/test_worker_class.py."""
    return _beside(page, "tests", "test_")


def bench_file(page: str) -> str:
    """Return the file of benchmarks that measures for a page."""
    return _beside(page, "tests/benchmarks", "bench_")


def _beside(page: str, folder: str, prefix: str) -> str:
    path = PurePosixPath(folder, page.replace("-", "_"))
    return str(path.with_name(f"{prefix}{path.name}.py"))


def topic(path: str) -> str:
    """Return the page that a file of tests or of benchmarks belongs to, or nothing.

    The path begins at the repository's root: tests/troubleshooting/test_slow_stop.py.
    """
    found = re.fullmatch(r"tests/(?:benchmarks/)?((?:\w+/)*)(?:test|bench)_(\w+)\.py", path)
    if not found or found[1].partition("/")[0] in WITHOUT_CLAIMS:
        return ""
    return f"{found[1]}{found[2]}".replace("_", "-")


def test_name(proof: str) -> str:
    """Return the function that stands behind a proof."""
    return f"test_{proof.replace('-', '_')}"


def proof_name(test: str) -> str:
    """Return the proof that a test function stands behind; its parameters do not matter."""
    return test.partition("[")[0].removeprefix("test_").replace("_", "-")


def command(test: str, file: str, others: list[str]) -> str:
    """Return the command that runs one test; `others` are the other tests of its file."""
    word = test.removeprefix("test_")
    if any(word in other for other in others) or word in file:
        return f"uv run pytest {file}::{test}"
    return f"uv run pytest {file} -k {word}"


def saved(snippet: str | Path) -> str:
    """Return the name that a reader saves a snippet under."""
    return Path(snippet).name.partition(".")[2]


def is_wrong(snippet: str | Path) -> bool:
    """Tell whether a snippet shows a mistake, and must not be copied."""
    return Path(snippet).name.startswith("wrong-")


def download(snippet: str) -> str:
    """Return where the site offers a snippet; nothing if it is not to be copied.

    The path begins in snippets/: signals/exec-form.Dockerfile.
    """
    if is_wrong(snippet) or saved(snippet) == "console":
        return ""
    what, _, name = snippet.partition(".")
    return f"raw/{what}/{name}"


def is_partial(results: str | Path) -> bool:
    """Tell whether results are those of a run that left out tests: their file's name says so."""
    return Path(results).name == Path(SOME_RESULTS).name
