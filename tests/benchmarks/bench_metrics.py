"""The measurement of docs/metrics.md: what counting costs a request."""

from harness import PROJECT, SNIPPETS
from scenarios.overhead import COLUMNS, overhead

APP = "dockerfile/app.Dockerfile"
FILES = ["metrics/workers.gunicorn.conf.py", "metrics/server.serve_metrics.py"]
PACKAGES = (PROJECT / "requirements.txt").read_text()
PACKAGES += (SNIPPETS / "metrics/more.requirements.txt").read_text()


def bench_metrics(build, run, measured):
    """Compare the app image with the same image and the page's files."""
    counting = build(APP, files=FILES, changes={"requirements.txt": PACKAGES})
    setups = {"without metrics": [build(APP)], "with metrics": [counting]}

    measured("overhead", COLUMNS, overhead(run, setups))
