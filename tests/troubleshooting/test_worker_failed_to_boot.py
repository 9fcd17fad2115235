"""The proofs of docs/troubleshooting/worker-failed-to-boot.md."""

import pytest

ENTRY = "troubleshooting/worker-failed-to-boot"


@pytest.mark.parametrize(
    ("module", "exit_code", "transcripts"),
    [
        ("nosuch.wsgi", 3, ["line", "confirm"]),
        ("core.wsgi:app", 4, []),
        ("core/wsgi.py", 3, []),
    ],
)
def test_wrong_module_name_ends_gunicorn(
    plain_image, run_once, replay, module, exit_code, transcripts
):
    """The module, its attribute or the form of the name is wrong."""
    container = run_once(plain_image, "gunicorn", module, "--no-control-socket", ready="")

    assert container.exit_code == exit_code
    for transcript in transcripts:
        replay(f"{ENTRY}/{transcript}.console", web=container.handle.id)
