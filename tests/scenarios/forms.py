"""A Django form, sent as a browser sends it, for the pages about ways to deploy."""

import re

import httpx

from harness import PROBES
from harness.container import PATIENCE, TLS
from scenarios.whitenoise import LINK

LOGIN = "/admin/login/"
TOKEN = re.compile(r'csrfmiddlewaretoken" value="(\w+)"')
SIGN_IN = {"username": "nobody", "password": "wrong"}
STYLES = r'href="(/static/admin/\S+\.css)"'  # the form's own links
PASSED = "Please enter the correct username"  # the admin's message, once the CSRF check has passed
POST = (PROBES / "post_form.py").read_text()
CERTIFICATE = "/etc/letsencrypt/live/shop.example"
# nginx's file, and a self-signed certificate instead of Let's Encrypt's.
NGINX = f"""
mkdir -p {CERTIFICATE}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \\
    -subj /CN=shop.example -addext subjectAltName=DNS:shop.example \\
    -keyout {CERTIFICATE}/privkey.pem -out {CERTIFICATE}/fullchain.pem 2>/dev/null
printf %s "$1" > /etc/nginx/conf.d/shop.conf
grep -q shop.example /etc/hosts || echo 127.0.0.1 shop.example >> /etc/hosts
systemctl restart nginx
"""
CURL = f"curl --silent --cacert {CERTIFICATE}/fullchain.pem https://shop.example"
HTTPS = {"X-Forwarded-Proto": "https"}  # added by a proxy that terminates TLS


def token_of(page):
    """Return a Django form's CSRF token field, as data to post."""
    return {"csrfmiddlewaretoken": TOKEN.search(page)[1]}


def posted(address, host, headers=HTTPS, **options: object):
    """Post the admin's login form, as a browser that got it over HTTPS does; return the response.

    `headers` are those that the proxy adds; `options` are those of httpx.Client.
    """
    headers = {"Host": host, "Origin": f"https://{host}", **headers}
    options = {"timeout": PATIENCE, "verify": TLS, **options}
    with httpx.Client(base_url=address, headers=headers, **options) as browser:
        page = browser.get(LOGIN)
        form = SIGN_IN | token_of(page.text)
        return browser.post(LOGIN, data=form)


def posted_by_nginx(machine, conf):
    """Give a machine's nginx a file and a certificate, and post the form to it over HTTPS.

    Return the response's status and text.
    """
    assert machine.sh(NGINX, conf) == ""
    url = f"https://shop.example{LOGIN}"
    answer = machine.sh('python3 -c "$@"', POST, url, f"{CERTIFICATE}/fullchain.pem")
    status, _, text = answer.partition(" ")
    return status, text


def stylesheet_of_nginx(machine, page="/", link=LINK):
    """Return the status and the type of the stylesheet that a page, or the home page, links to."""
    link = re.search(link, machine.sh(f"{CURL}{page}"))[1]
    shown = "--output /dev/null --write-out '%{http_code} %{content_type}'"
    return machine.sh(f"{CURL}{link} {shown}")
