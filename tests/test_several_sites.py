"""The proofs of docs/several-sites.md."""

import re
import shutil

import httpx
import pytest

from guide.names import saved
from harness import ROOT, SNIPPETS, transcripts
from harness.container import PATIENCE, wait_until
from harness.load import Load
from harness.texts import edited
from scenarios import whitenoise
from scenarios.production import BUILD, FILE, HOST, POST, Production, images
from scenarios.walk import BELOW, log_in

pytestmark = pytest.mark.docker_only("127.0.0.11, the name server in the blog's nginx file")

FILES = SNIPPETS / "several-sites"
PAGE = (ROOT / "docs/several-sites.md").read_text()
SETTINGS = (FILES / "what-differs.blog_settings.py").read_text()
SERVICES = (FILES / "second-site.compose.yaml").read_text()
SECRETS = "".join(f"  {line}\n" for line in re.findall(r"`(blog_\w+: \{file: \S+\})`", PAGE))
LAST = "  postgres_password: {file: .secrets/postgres_password}\n"
RELOAD = "docker compose exec nginx nginx -s reload"
APP = ["web", "migrate", "blog", "migrate-blog"]
BLOG = {"headers": {"Host": "blog.example.com"}}
SITES = {"web": HOST, "blog": BLOG}
# An app with a static file, which only one settings module lists.
WITH_APP = "from core.settings import *\nINSTALLED_APPS += ['own']\nROOT_URLCONF = 'own.urls'\n"
URLS = """
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse(static("own/site.css")))]
"""
CHANGED = {
    "core/blog_settings.py": SETTINGS,
    "core/with_own.py": WITH_APP,
    "own/__init__.py": "",
    "own/urls.py": URLS,
    "own/static/own/site.css": "a { color: navy }\n",
}
SIGN = "from django.core import signing; print(signing.dumps('signed by the shop'))"
READ = "from django.core import signing; print(signing.loads({!r}))"
USER = ["createsuperuser", "--noinput", "--username", "admin", "--email", "admin@example.com"]


@pytest.fixture(scope="module")
def built(build):
    """Build the images of docs/compose.md, with the page's settings module and one more app."""
    return images(build, CHANGED)


@pytest.fixture(scope="module")
def sites(docker, builder, built, official, tmp_path_factory):
    """Start the site of docs/compose.md, and add the blog as the page says."""
    official("postgres:18")
    folder = tmp_path_factory.mktemp("several-sites")
    site = Production(docker, builder, folder, built)
    try:
        site.up()
        for file in "new-database.add-blog.sh", "by-hostname.blog.conf":
            name = saved(file)
            shutil.copy(FILES / file, folder / ("nginx" if ".conf" in name else "") / name)
        follow(site, "sh add-blog.sh")
        assert BELOW in PAGE
        more = {"\nservices:\n": f"\nservices:\n{SERVICES}\n", LAST: LAST + SECRETS}
        (folder / "compose.yaml").write_text(edited((SNIPPETS / FILE).read_text(), more))
        passed = "proxy_pass http://{};"
        assert f"change `{passed.format('django')}` to `{passed.format('$site')}`" in PAGE
        changed = {passed.format("django"): passed.format("$site")}
        site.conf.write_text(edited(site.conf.read_text(), changed))
        used = {name: {"image": site.image} for name in APP} | {"nginx": {"image": built["static"]}}
        site.use(used, "compose.yaml")
        follow(site, BUILD)
        follow(site, RELOAD)
        assert wait_until(lambda: get(site, "blog", "/health/").is_success)
        yield site
    finally:
        site.down()


def test_each_hostname_leads_to_its_own_site(sites):
    """Each site lists only the row that was written there, and greets in its own language."""
    for name, host in SITES.items():
        httpx.post(address(sites, "/notes/"), data={"text": f"on {name}"}, timeout=PATIENCE, **host)
    notes = {name: get(sites, name, "/notes/").json()["notes"] for name in SITES}
    greetings = [re.search(r"<h1>(.*)</h1>", get(sites, name, "/").text)[1] for name in SITES]

    texts = {name: {note["text"] for note in rows} for name, rows in notes.items()}
    assert "on web" in texts["web"]
    assert "on blog" not in texts["web"]
    assert "on blog" in texts["blog"]
    assert "on web" not in texts["blog"]
    assert greetings == ["Hello from Django", "Hallo von Django"]


def test_unknown_hostname_gets_a_400(sites):
    """The first site's log names the hostname, and the blog's does not."""
    answer = sites.service("nginx").get("/", headers={"Host": "unknown.example.com"})
    line = "Invalid HTTP_HOST header: 'unknown.example.com'"

    assert answer.status_code == 400
    sites.service("web").wait_for_log(line)
    assert line not in sites.service("blog").logs()


def test_both_sites_run_the_same_image(sites):
    """The containers have the same image ID, and settings modules of their own."""
    web, blog = (sites.service(name).handle for name in SITES)
    modules = [[v for v in c.config.env if "SETTINGS_MODULE" in v] for c in (web, blog)]

    assert web.image == blog.image
    assert modules == [[], ["DJANGO_SETTINGS_MODULE=core.blog_settings"]]


def test_both_sites_listen_on_the_same_port(sites):
    """Gunicorn logs the same address in both containers."""
    for name in SITES:
        assert "Listening at: http://0.0.0.0:8000" in sites.service(name).logs()


def test_same_key_accepts_what_the_other_site_signed(sites):
    """The blog rejects the value with its own key, and accepts it with the first site's."""
    signed = shell(sites, "web", SIGN).split()[-1]

    refused = shell(sites, "blog", READ.format(signed))
    same_key = shell(sites, "web", READ.format(signed), module="core.blog_settings")

    assert "BadSignature" in refused
    assert same_key.endswith("signed by the shop\n")


def test_role_cannot_connect_to_the_other_database(sites):
    """Each role can connect to its own database, and neither to the other one."""
    select = "SELECT 'connected'"
    psql = ["exec", "-T", "db", "psql", "-At", "--command", select]
    said = {
        (role, database): sites.run(
            *psql, "--username", role, "--dbname", database, check=role == database
        )
        for role in ("app", "blog")
        for database in ("app", "blog")
    }

    assert said["app", "app"] == said["blog", "blog"] == "connected\n"
    assert 'permission denied for database "blog"' in said["app", "blog"]
    assert 'permission denied for database "app"' in said["blog", "app"]


def test_session_of_one_site_is_not_valid_on_the_other(sites):
    """With the cookies of a login, the first site shows the admin, and the blog its login form."""
    password = ["-e", "DJANGO_SUPERUSER_PASSWORD=first-try"]
    sites.run("exec", "-T", *password, "web", "python", "manage.py", *USER)
    with log_in(sites.service("nginx").address, **HOST) as admin:
        cookies = dict(admin.cookies)
    here, there = (get(sites, name, "/admin/", cookies=cookies) for name in SITES)

    assert "sessionid" in cookies
    assert here.status_code == 200
    assert there.headers["Location"].startswith("/admin/login/")


def test_both_sites_have_the_same_static_files(sites):
    """Both pages link to the same stylesheet, and nginx serves it under both hostnames."""
    links = {re.search(whitenoise.LINK, get(sites, name, "/").text)[1] for name in SITES}
    [link] = links
    sheets = [get(sites, name, link) for name in SITES]

    assert [sheet.status_code for sheet in sheets] == [200, 200]
    assert sheets[0].content == sheets[1].content
    assert sites.service("nginx").exec("ls", f"/srv{link}")


def test_app_that_only_the_second_site_lists_has_no_static_files(built, run):
    """In one image, the first site's page loads, and the page of the other module fails."""
    first = run(built["web"])
    second = run(built["web"], env={"DJANGO_SETTINGS_MODULE": "core.with_own"})

    assert first.get("/").status_code == 200
    assert second.get("/").status_code == 500
    second.wait_for_log("Missing staticfiles manifest entry for 'own/site.css'")


def test_second_script_updates_the_second_site_without_a_lost_request(sites, request):
    """Clients read and write on both sites; afterward, only the blog's container is another one."""
    before = [sites.service(name).handle.id for name in SITES]
    record = request.config.getoption("record")
    script = FILES / "second-script.console"
    transcripts.replay(script, {}, sites.folder, shown={}, record=record)

    url = address(sites, "/notes/")
    with Load(url, pause=0.1, **POST) as shop, Load(url, pause=0.1, **POST | BLOG) as blog:
        done = sites.shell("./update-blog.sh")

    after = [sites.service(name).handle.id for name in SITES]
    assert done.returncode == 0, done.stdout
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert {*shop.answers, *blog.answers} == {200}


def follow(site, command):
    """Run a command that the page shows."""
    assert f"`{command}`" in PAGE
    done = site.shell(command)
    assert done.returncode == 0, done.stdout


def address(site, path):
    """Return the address of a path, as clients reach nginx."""
    return f"{site.service('nginx').address}{path}"


def get(site, name, path, cookies=None):
    """Request a path through nginx, under the hostname of a site."""
    return site.service("nginx").get(path, **SITES[name], cookies=cookies)


def shell(site, service, program, module=""):
    """Run a program in a site's container, and return all output, even if it fails."""
    env = ["-e", f"DJANGO_SETTINGS_MODULE={module}"] if module else []
    manage = ["python", "manage.py", "shell", "-c", program]
    return site.run("exec", "-T", *env, service, *manage, check=False)
