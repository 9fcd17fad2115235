"""The requests of docs/rejected-requests.md, sent to several versions of Gunicorn in turn."""

from harness import PROJECT
from harness.texts import edited
from scenarios.raw_requests import EXEC_FORM, GUNICORN, REQUESTS, ask_all

PINS = (PROJECT / "requirements.txt").read_text()
OLDER = ["21.2.0", "22.0.0", "23.0.0", "25.3.0", "26.1.0"]
OLDEST = edited(PINS, {"gunicorn==": "setuptools==80.9.0\ngunicorn==20.1.0 # "})


def bench_rejected_requests(build, run, measured):
    """Write each request's outcome on each version, with the current version last."""
    images = {"20.1.0": build(EXEC_FORM, changes={"requirements.txt": OLDEST})}
    images |= {v: build(EXEC_FORM, requirements={"gunicorn": v}) for v in OLDER}
    images["27.0.1"] = build(EXEC_FORM)

    fates = {version: ask_all(run(image, *GUNICORN)) for version, image in images.items()}

    rows = [[name, *(fate[name] for fate in fates.values())] for name in REQUESTS]
    measured("requests", ["a request with", *fates], rows)
