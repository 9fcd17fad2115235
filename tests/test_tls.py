"""The proofs of docs/tls.md."""

import re
import shutil
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from harness import SCENARIOS, SNIPPETS
from harness.container import PATIENCE, wait_until
from harness.texts import edited
from scenarios import forged
from scenarios.production import BUILD
from scenarios.tls import DOMAIN, LETS_ENCRYPT, OBTAINED, ROOT, SECURE, SETTINGS
from scenarios.walk import TRIED, add, log_in, styles, upload

CADDYFILE = (SNIPPETS / "tls/automatic.Caddyfile").read_text()
SERVES = "serving initial configuration"
OWN = ["tls/automatic.Caddyfile", "tls/automatic.compose.yaml"]
OWN += ["tls/behind-https.settings.py", "tls/domain-and-key.console"]
OVER_NGINX = ["tls/before-nginx.Caddyfile", "tls/before-nginx.compose.override.yaml"]
BALANCER = "behind-a-load-balancer/believed.balancer.conf"
USER = "compose/superuser.console"
VALIDATE = "caddy validate --config /etc/caddy/Caddyfile 2>&1"


@pytest.fixture(scope="module")
def site(certified):
    """Start the page's site, once for the tests in this file."""
    texts = {"caddy/Caddyfile": CADDYFILE}
    with certified("tls/automatic.compose.yaml", "caddy", texts, ready=OBTAINED) as site:
        site.first_log = site.proxy.wait_for_log(OBTAINED)
        yield site


def test_caddy_gets_its_certificate_by_itself(site):
    """Before any request, Caddy gets it over ACME from a second Caddy, as from Let's Encrypt."""
    certificate, _ = site.connect()

    assert ("DNS", DOMAIN) in certificate["subjectAltName"]
    issued = f"{DOMAIN}.*{LETS_ENCRYPT}-directory"
    assert re.search(issued, site.first_log.splitlines()[-1])


def test_certificate_outlives_the_container(site):
    """A new container has the old one's certificate, and requests none."""
    before, _ = site.connect()

    site.start_proxy()

    assert site.connect()[0]["serialNumber"] == before["serialNumber"]
    assert OBTAINED not in site.proxy.logs()


def test_http_is_redirected_to_https(site):
    """Caddy redirects the request, and keeps the path and the query."""
    url = f"http://127.0.0.1:{site.http}/echo/?page=2"
    options = {"headers": {"Host": DOMAIN}, "timeout": PATIENCE}
    response = httpx.get(url, verify=site.verify, **options)

    assert response.status_code == 308
    assert response.headers["Location"] == f"https://{DOMAIN}/echo/?page=2"


def test_django_sees_https(site):
    """The settings do not name a header; one header contains the client's address."""
    seen = site.get("/echo/").json()

    assert "SECURE_PROXY_SSL_HEADER" not in SETTINGS + SECURE
    assert seen["is_secure"]
    assert seen["host"] == DOMAIN
    assert re.fullmatch(r"[\d.]+", seen["headers"]["X-Forwarded-For"])


def test_forged_headers_are_discarded(site):
    """Django sees the same request with each of the headers, with all of them and with none."""
    assert forged.that_reach_django(partial(site.get, "/echo/")) == []
    assert site.get("/echo/").json()["is_secure"]


def test_older_caddy_discards_them_too(network, build, run, app_image, tmp_path):
    """Caddy 2.11.3 forwards names with underscores, unless the page's file removes them."""
    lenient = edited(CADDYFILE, {"\t\theader_up -*_*\n": ""})
    trusting = {"FORWARDED_ALLOW_IPS": "*"}
    run(app_image, env=trusting, networks=[network], network_aliases=["web"])
    proxies = []
    for name, text in {"page": CADDYFILE, "lenient": lenient}.items():
        (tmp_path / name).write_text(text)
        options = {"volumes": [(tmp_path / name, "/etc/caddy/Caddyfile", "ro")]}
        options |= {"networks": [network], "env": {"DOMAIN": ":8080"}, "ready": SERVES}
        proxies.append(run(build(SCENARIOS / "old-caddy.Dockerfile"), **options))

    reach = [forged.that_reach_django(partial(asked, proxy)) for proxy in proxies]

    assert proxies[0].exec("caddy", "version").startswith("v2.11.3")
    assert reach[0] == []
    assert {"SCRIPT_NAME": "/echo"} in reach[1]


def test_static_files_are_kept_for_a_year(site):
    """The stylesheet of the page comes from the other image, under the same name."""
    path = re.search(r'href="(\S+\.css)"', site.get("/").text)[1]
    response = site.get(path)

    assert response.headers["Content-Type"].startswith("text/css")
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_login_works_over_https(site):
    """The admin's form has the Origin that a browser sends; its cookies are only for HTTPS."""
    answer = site.log_in()

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/"
    cookies = answer.headers.get_list("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"csrftoken", "sessionid"}
    assert all("Secure" in cookie for cookie in cookies)


def test_browser_is_told_to_stay_with_https(site):
    """Django sends the header, because it treats the request as HTTPS."""
    assert site.get("/").headers["Strict-Transport-Security"] == "max-age=3600"


def test_deployment_check_asks_for_no_cookie(site):
    """The check warns about the redirect and parts of HSTS; the page's settings pass the rest."""
    web = site.stack.service("web")
    printed = web.exec("sh", "-c", "python manage.py check --deploy 2>&1")
    found = set(re.findall(r"security\.W\d+", printed))

    # W009 is about this test's key. W004, W012 and W016 would be about HSTS and cookies.
    assert found - {"security.W009"} == {"security.W005", "security.W008", "security.W021"}


def test_restart_behind_caddy_is_a_pause(site):
    """Clients send requests before, during and after the container's restart."""
    web, statuses = site.stack.service("web"), []

    with ThreadPoolExecutor() as background:
        restart = background.submit(web.handle.restart)
        while not restart.done() or web.logs().count("Booting worker") < 4:
            statuses.append(site.get("/health/").status_code)

    assert set(statuses) == {200}


def test_caddy_offers_http_2_and_3(site):
    """Caddy offers HTTP/2 in the TLS handshake, and HTTP/3 in a header."""
    assert site.connect()[1] == "h2"
    assert site.get("/").headers["Alt-Svc"].startswith('h3=":443"')


def test_caddyfile_passes_its_own_checks(site):
    """The file is valid, and formatted as Caddy formats it."""
    file = ["/etc/caddy/Caddyfile"]

    assert "Valid configuration" in site.proxy.exec("sh", "-c", VALIDATE)
    assert site.proxy.exec("caddy", "fmt", *file).strip() == CADDYFILE.strip()


def test_missing_domain_stops_compose(site):
    """Compose prints the missing variable."""
    env = site.stack.env | {"DOMAIN": ""}
    command = [*site.stack.command, "config", "--quiet"]
    done = subprocess.run(
        command, check=False, cwd=site.stack.folder, env=env, capture_output=True, text=True
    )

    assert done.returncode != 0
    assert "DOMAIN" in done.stderr


def test_reload_finishes_what_is_under_way(site):
    """An editor replaces the file with another one, while a slow request is in progress."""
    marked = CADDYFILE.removesuffix("}\n") + "\theader Edited yes\n}\n"
    web, found = site.stack.service("web"), []
    wait_until(lambda: not web.clients_read())  # Gunicorn closes Caddy's idle connections

    with ThreadPoolExecutor() as client:
        slow = web.begin(lambda: client.submit(site.get, "/sleep/15/"))
        for text in marked, CADDYFILE:
            replace(site.stack.folder / "caddy/Caddyfile", text)
            site.proxy.exec("caddy", "reload", "--config", "/etc/caddy/Caddyfile")
            found.append(site.get("/health/").headers.get("Edited"))
        early = not slow.done()

    assert found == ["yes", None]
    assert early
    assert slow.result().text == "slept"


@pytest.mark.docker_only("BuildKit, which builds both images of the Compose file")
def test_pages_lead_to_a_login_over_https(walk, startproject):
    """The robot does all that the pages say, with localhost for the reader's host name."""
    walk.begin(startproject())
    for page in "settings", "dockerfile", "static-files", "tls":
        walk.follow(page, without=[*TRIED, *OVER_NGINX])
    walk.add_views("upload_form")
    change(walk.folder / ".env", {"DOMAIN=shop.example": "DOMAIN=localhost"})

    walk.run("tls", "docker compose up --build --detach")
    walk.run("tls", "docker compose exec web python manage.py migrate")
    walk.do(USER)

    assert_admin_and_uploads_work(walk)


@pytest.mark.docker_only("BuildKit, which builds both images of the Compose file")
def test_caddy_fits_in_front_of_the_compose_site(walk, startproject):
    """The site runs by its own file first; the robot takes the four steps, with localhost."""
    walk.begin(startproject())
    for page in "settings", "dockerfile", "static-files", "health-checks", "compose":
        walk.follow(page, without=TRIED)
    walk.add_views("upload_form")
    walk.run("compose", "sh secrets.sh")
    change(walk.folder / ".env", {"ALLOWED_HOSTS=example.com": "ALLOWED_HOSTS=localhost"})
    walk.run("compose", BUILD)
    walk.do(USER)

    with (walk.folder / ".env").open("a") as env:
        env.write("DOMAIN=localhost\n")
    walk.follow("tls", without=[*TRIED, *OWN])
    walk.do(BALANCER, ":caption: nginx/balancer.conf")
    change(walk.folder / "nginx/balancer.conf", {"172.16.8.1": "172.16.9.2"}, times=2)
    proto = {"X-Forwarded-Proto $scheme;": "X-Forwarded-Proto $client_scheme;"}
    change(walk.folder / "nginx/default.conf", proto)
    walk.run("tls", "docker compose down")
    walk.run("tls", BUILD)

    assert_admin_and_uploads_work(walk)


def change(file, changes, times=1):
    """Edit a file as a page says."""
    file.write_text(edited(file.read_text(), changes, times))


def assert_admin_and_uploads_work(walk):
    """Use the admin and a form for files through Caddy, whose certificate is its own."""
    caddy = walk.stack.service("caddy")
    root = wait_until(lambda: caddy.exec("sh", "-c", f"cat {ROOT} 2>/dev/null || true"))
    port = caddy.handle.network_settings.ports["443/tcp"][0]["HostPort"]
    trusted = ssl.create_default_context(cadata=root)
    with log_in(f"https://localhost:{port}", verify=trusted) as admin:
        assert {cookie.secure for cookie in admin.cookies.jar} == {True}
        assert {sheet.status_code for sheet in styles(admin)} == {200}
        add(admin, "Editors")
        upload(admin)


def asked(proxy, headers):
    """Send a request with these headers to the view that shows what Django sees."""
    return proxy.get("/echo/", headers=headers)


def replace(path, text):
    """Save as many editors do: a new file replaces the old one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    shutil.move(fresh, path)
