"""The proofs of docs/start.md."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from zipfile import ZipFile

import httpx

from harness.container import PATIENCE
from scenarios.forms import token_of
from scenarios.walk import Walk

LATER = ("start/replace.console", "start/remove.console")


def test_steps_lead_to_an_admin_that_keeps_its_data(walk):
    """A robot does every step; the admin has its styles, and a group outlives its container."""
    walk.follow("start", without=LATER)
    key = (walk.folder / "web.env").read_bytes().partition(b"=")[2].splitlines()[0]
    with log_in(walk) as admin:
        page = admin.get("/admin/").text
        styles = [admin.get(path) for path in re.findall(r'href="(/static/\S+\.css)"', page)]
        add(admin, "editors")

    walk.do("start/replace.console")
    walk.do("start/run.console")
    with log_in(walk) as admin:
        groups = admin.get("/admin/auth/group/").text

    assert styles
    assert {style.status_code for style in styles} == {200}
    assert "editors" in groups
    walk.do("start/remove.console")
    with ZipFile(walk.archive("start")) as archive:
        assert set(archive.namelist()) >= {"start/manage.py", "start/Dockerfile"}
        assert key not in b"".join(map(archive.read, archive.namelist()))
    assert not walk.docker.volume.exists(walk.volume)


@contextmanager
def log_in(walk: Walk) -> Iterator[httpx.Client]:
    """Log in to the admin with the page's name and password."""
    options = {"follow_redirects": True, "timeout": PATIENCE}
    with httpx.Client(base_url=walk.container.address, **options) as admin:
        form = admin.get("/admin/login/?next=/admin/").text
        data = {"username": "admin", "password": "first-try", "next": "/admin/"}
        page = admin.post("/admin/login/", data=data | token_of(form), headers=referer(admin))
        assert "Site administration" in page.text, page.text
        yield admin


def add(admin: httpx.Client, group: str) -> None:
    """Save a group in the admin's form."""
    form = admin.get("/admin/auth/group/add/").text
    saved = admin.post(
        "/admin/auth/group/add/", data={"name": group} | token_of(form), headers=referer(admin)
    )
    assert "was added successfully" in saved.text, saved.text


def referer(admin: httpx.Client) -> dict[str, str]:
    """Return the header that a browser sends with a form."""
    return {"Referer": str(admin.base_url)}
