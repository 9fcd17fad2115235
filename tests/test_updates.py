"""The proofs of docs/updates.md."""

import pytest

from harness.container import wait_until
from harness.load import Load
from scenarios.production import ONE_BY_ONE, POST, images

CONF = "/etc/nginx/conf.d/default.conf"
BY_SCRIPT, BY_UP = ({"core/release.py": f"NAME = '{name}'\n"} for name in ("script", "up"))
NEVER_READY = {"core/wsgi.py": "raise RuntimeError('this release is broken')\n"}
BROKEN_MIGRATION = {
    "core/migrations/0002_broken.py": """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL("SELECT broken")]
"""
}


@pytest.fixture(scope="module")
def site(producing):
    """Return the site of docs/compose.md, which the tests of this file share."""
    with producing() as site:
        yield site


@pytest.fixture
def production(site):
    """Have the site up, with whatever release the test before left."""
    nginx = site.service("nginx")
    assert wait_until(lambda: nginx.get("/health/").is_success), nginx.logs()
    return site


def test_script_loses_no_request(production, build):
    """Slow requests make a stop last, and others that nobody may repeat come meanwhile."""
    before = production.service("web").handle.id
    production.release(images(build, BY_SCRIPT)["web"])

    with gets(production, "/sleep/0.5/", clients=3) as get, posts(production) as post:
        done = production.script(ONE_BY_ONE)

    assert done.returncode == 0, done.stdout
    assert production.service("web").handle.id != before
    assert production.service("web").exec("ls", "core/release.py")
    assert marked(production) == production.service("nginx").exec("cat", CONF)
    answers = get.answers.keys(), post.answers.keys()
    assert answers == ({200}, {200}), production.service("nginx").logs()[-9000:]


def test_plain_up_loses_requests(production, build):
    """The old container is stopped before the new one is started."""
    before = production.service("web").handle.id
    production.release(images(build, BY_UP)["web"])

    with gets(production) as get:
        production.up()

    assert production.service("web").handle.id != before
    assert get.answers[502]


@pytest.mark.parametrize("changes", [NEVER_READY, BROKEN_MIGRATION], ids=["start", "migration"])
def test_broken_release_leaves_the_old_one(production, build, changes):
    """The script fails, the old container goes on as if nothing had been, and so does nginx."""
    conf = production.folder / "default.conf"
    before = production.service("web").handle.id, conf.read_text()
    production.release(images(build, changes)["web"])

    with gets(production) as get:
        done = production.script(ONE_BY_ONE)

    assert done.returncode != 0
    assert (production.service("web").handle.id, conf.read_text()) == before
    assert get.answers.keys() == {200}


def marked(production):
    """Add a line to the file of the host in place, and return what it then holds."""
    conf = production.folder / "default.conf"
    with conf.open("a") as file:
        file.write("# still the same file\n")
    return conf.read_text().strip()


def gets(production, path="/health/", clients=2):
    """Ask nginx for a page that needs a worker alone."""
    return Load(f"{production.service('nginx').address}{path}", clients, pause=0.1)


def posts(production):
    """Post rows to nginx, each of which a worker writes."""
    return Load(f"{production.service('nginx').address}/notes/", pause=0.1, **POST)
