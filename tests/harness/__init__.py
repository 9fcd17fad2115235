"""The machinery behind the proofs: to add a claim, you do not need to open it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]  # of the repository
PROJECT, SNIPPETS = ROOT / "tests/project", ROOT / "snippets"
SCENARIOS = ROOT / "tests/scenarios"
PROBES = ROOT / "tests/probes"  # programs that run inside containers
ENVIRONMENT = {"SECRET_KEY": "for-this-test-alone", "ALLOWED_HOSTS": "127.0.0.1"}  # PROJECT's
