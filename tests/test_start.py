"""The proofs of docs/start.md."""

from zipfile import ZipFile

from harness.browser import SITE
from scenarios.own_values import OWN, READ, enter, pages_with_values, replaced
from scenarios.walk import add, log_in, styles

LATER = ("start/replace.console", "start/remove.console")


def test_steps_lead_to_an_admin_that_keeps_its_data(walk):
    """A robot does every step; the admin has its styles, and a group outlives its container."""
    walk.follow("start", without=LATER)
    key = (walk.folder / "web.env").read_bytes().partition(b"=")[2].splitlines()[0]
    with log_in(walk.container.address) as admin:
        sheets = styles(admin)
        add(admin, "editors")

    walk.do("start/replace.console")
    walk.do("start/run.console")
    with log_in(walk.container.address) as admin:
        groups = admin.get("/admin/auth/group/").text

    assert sheets
    assert {sheet.status_code for sheet in sheets} == {200}
    assert "editors" in groups
    walk.do("start/remove.console")
    with ZipFile(walk.archive("start")) as archive:
        assert set(archive.namelist()) >= {"start/manage.py", "start/Dockerfile"}
        assert key not in b"".join(map(archive.read, archive.namelist()))
    assert not walk.docker.volume.exists(walk.volume)


def test_values_appear_in_every_block_and_download(visit, site):
    """On every page, blocks, transcripts and files are the originals with the values replaced."""
    page = visit("start")
    enter(page, **OWN)
    wrong, changed = [], {"blocks": 0, "files": 0}
    for name in pages_with_values(site):
        page.goto(f"{SITE}/{name}.html", wait_until="domcontentloaded")
        for kind, (before, after) in page.evaluate(READ).items():
            if after != [replaced(text, OWN) for text in before]:
                wrong.append((name, kind))
            changed[kind] += sum(old != new for old, new in zip(before, after, strict=True))

    assert wrong == []
    assert changed["blocks"] > changed["files"] > 40


def test_link_brings_values_that_the_reader_confirms(visit):
    """Nothing changes until then, and no request contains the values."""
    page = visit("start")
    enter(page, module="shop_site", port="8123")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("button", name="Put them in the address").click()
    page.get_by_text("The address of this page contains the values").wait_for()
    asked = []
    other = visit("index", asked)
    other.goto(page.url, wait_until="networkidle")
    dialog, block = other.locator("#your-values"), other.locator("#file-app-dockerfile pre")

    assert dialog.get_by_text("A link brought these values").is_visible()
    assert '"core.wsgi"' in block.text_content()
    dialog.get_by_role("button", name="Use these values").click()
    assert '"shop_site.wsgi"' in block.text_content()
    assert "127.0.0.1:8123:8000" in other.locator("#file-run-console pre").text_content()
    assert [url for url in asked if "shop_site" in url] == []
