"""The proofs of docs/troubleshooting/missing-manifest-entry.md."""

ENTRY = "troubleshooting/missing-manifest-entry"
SHELL = ["python", "manage.py", "shell", "--verbosity", "0", "--command"]
LINK = "from django.templatetags.static import static; print(static('{}'))"
LENIENT = f"""
d=$(mktemp -d); trap 'rm -r "$d"' EXIT
cat > "$d/lenient.py" <<END
from core.settings import *
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage as Strict
class Lenient(Strict): manifest_strict = False
STORAGES["staticfiles"] = {{{{"BACKEND": "lenient.Lenient"}}}}
END
export PYTHONPATH=$d DJANGO_SETTINGS_MODULE=lenient
python manage.py shell --verbosity 0 --command "{LINK}" 2>&1
""".format("core/site.css")
SOURCE_MAP = """
echo '//# sourceMappingURL=site.js.map' > core/static/core/site.js
python manage.py collectstatic --noinput && exit 1
sed -i /sourceMappingURL/d core/static/core/site.js
python manage.py collectstatic --noinput
"""
COLLECT = ["python", "manage.py", "collectstatic", "--noinput"]


def test_collecting_anew_mends_the_pages(plain_image, run, replay):
    """A page returns 500, then 200 once root has collected the files and workers are new."""
    container = run(plain_image)
    before = container.get("/").status_code
    container.wait_for_log("entry for 'core/site.css'")
    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)

    container.handle.execute(COLLECT, user="root")
    container.kill("SIGHUP")
    container.wait_for_log("Worker exiting")

    assert [before, container.get("/").status_code] == [500, 200]


def test_debug_hides_the_missing_manifest(plain_image, run):
    """With DEBUG, the same image returns 200 for the page."""
    assert run(plain_image, env={"DEBUG": "1"}).get("/").status_code == 200


def test_missing_source_map_stops_collectstatic(plain_image, run):
    """A script's comment stops the command, which finishes without that line."""
    container = run(plain_image, "sh", "-c", SOURCE_MAP, user="root", ready="post-processed")

    assert "The file 'core/site.js.map' could not be found with <" in container.logs()
    assert container.exit_code == 0


def test_name_with_a_slash_is_not_in_the_manifest(app_image, inside):
    """The image has collected its files; only the name without a slash is in the manifest."""
    wrong = inside(app_image, *SHELL, LINK.format("/core/site.css"))
    right = inside(app_image, *SHELL, LINK.format("core/site.css"))

    assert "Missing staticfiles manifest entry for '/core/site.css'" in wrong.output
    assert right.output.startswith("/static/core/site.")


def test_lenient_manifest_still_needs_the_files(inside, plain_image):
    """The image has collected no files, and its storage does not insist on the manifest."""
    done = inside(plain_image, "sh", "-c", LENIENT)

    assert "ValueError: The file 'core/site.css' could not be found with <" in done.output
