"""The proofs of docs/start.md."""

from zipfile import ZipFile

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
