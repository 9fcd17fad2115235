"""The proofs of docs/troubleshooting/static-root-missing.md."""

from harness import PROJECT
from harness.texts import edited

ENTRY = "troubleshooting/static-root-missing"
SETTINGS = (PROJECT / "core/settings.py").read_text()
STATIC_ROOT = 'STATIC_ROOT = BASE_DIR / "staticfiles"\n'
BOTH = """
d=$(mktemp -d); trap 'rm -r "$d"' EXIT
printf 'from core.settings import *\nSTATICFILES_DIRS = [STATIC_ROOT]\n' > "$d/both.py"
PYTHONPATH=$d DJANGO_SETTINGS_MODULE=both python manage.py collectstatic --noinput
"""
COLLECT = ["python", "manage.py", "collectstatic", "--noinput"]


def test_collectstatic_needs_a_static_root(build, replay):
    """The project's settings are the usual ones, without that line."""
    changes = {"core/settings.py": edited(SETTINGS, {STATIC_ROOT: ""})}
    image = build("signals/exec-form.Dockerfile", changes=changes)

    replay(f"{ENTRY}/line.console", web=image)
    replay(f"{ENTRY}/confirm.console", web=image)


def test_static_root_lets_collectstatic_finish(plain_image, run):
    """With the line in the settings, the command succeeds."""
    container = run(plain_image, *COLLECT, user="0", ready="static files copied to")

    assert STATIC_ROOT in SETTINGS
    assert container.exit_code == 0


def test_static_root_is_no_source_of_files(inside, plain_image):
    """Both settings contain the same directory."""
    done = inside(plain_image, "sh", "-c", BOTH)

    assert done.exit_code == 1
    assert "The STATICFILES_DIRS setting should not contain the STATIC_ROOT setting" in done.output
