"""The proofs of docs/troubleshooting/nginx-does-not-start.md."""

import pytest

from harness import SNIPPETS
from harness.texts import edited
from scenarios.nginx import CONF, FILES, IMAGE, Nginx

ENTRY = "troubleshooting/nginx-does-not-start"
WRONG = """
server {
    listen 8080;
    location / {
        proxy_passs http://127.0.0.1:8000;
    }
}
"""
MISSING = edited(WRONG, {"proxy_passs http://127.0.0.1": "proxy_pass http://web"})
PASSED = """nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
nginx: configuration file /etc/nginx/nginx.conf test is successful
"""
TEST = """
d=$(mktemp -d); trap 'rm -r "$d"' EXIT
echo "$FILE" > "$d/wrong.conf"
nginx -t -c "$d/wrong.conf"
"""
MAIN = "pid /tmp/nginx.pid; events {{}} http {{ {} }}"
TLS = "listen 8443 ssl; ssl_certificate {0}; ssl_certificate_key {0};"
MISTAKES = {
    'unknown directive "proxy_passs"': MAIN.format("server { proxy_passs http://web; }"),
    'directive "listen" is not terminated by ";"': MAIN.format(
        "server { listen 8080 location / { } }"
    ),
    'unexpected "}"': MAIN.format("server { listen 8080 }"),
    'invalid number of arguments in "proxy_pass" directive': MAIN.format(
        "server { location / { proxy_pass http://127.0.0.1 proxy_redirect off; } }"
    ),
    '"server" directive is not allowed here': "server { listen 8080; }",
    '"upstream" directive is not allowed here': "upstream web { server 127.0.0.1; }",
    '"location" directive is not allowed here': MAIN.format("location / { }"),
    'duplicate location "/"': MAIN.format("server { location / { } location / { } }"),
    'cannot load certificate "/tmp/fullchain.pem"': MAIN.format(
        f"server {{ {TLS.format('/tmp/fullchain.pem')} }}"
    ),
    "failed (21: Is a directory)": MAIN.format("include /tmp;"),
}


def test_wrong_configuration_ends_nginx(build, run, replay, tmp_path):
    """A directive is misspelled in the file that is mounted."""
    (tmp_path / "default.conf").write_text(WRONG)
    volumes = [(tmp_path / "default.conf", CONF, "ro")]
    proxy = run(build(IMAGE, files=FILES), ready="", volumes=volumes)

    assert proxy.exit_code == 1
    replay(f"{ENTRY}/line.console", proxy=proxy.handle.id)
    replay(f"{ENTRY}/confirm.console", proxy=proxy.handle.id)


def test_name_that_was_missing_passes_the_test_later(network, build, run, replay, tmp_path):
    """A container with the name starts after nginx; the command finds it on nginx's network."""
    (tmp_path / "default.conf").write_text(MISSING)
    image, volumes = build(IMAGE, files=FILES), [(tmp_path / "default.conf", CONF, "ro")]
    on = {"ready": "", "networks": [network]}
    proxy = run(image, volumes=volumes, **on)
    assert proxy.exit_code == 1
    assert 'host not found in upstream "web"' in proxy.logs()
    run(image, "infinity", entrypoint="sleep", network_aliases=["web"], **on)

    command = (SNIPPETS / ENTRY / "confirm.console").read_text().partition("nginx: ")[0]
    (tmp_path / "later.console").write_text(command + PASSED)
    replay(tmp_path / "later.console", proxy=proxy.handle.id)


def test_reload_with_a_wrong_file_keeps_the_old_one(build, run, tmp_path):
    """The file is replaced by a wrong one; the old one is still used after the reload."""
    proxy = Nginx(build, run, tmp_path, "    location / { return 204; }")
    proxy.conf.write_text(WRONG)

    printed = proxy.container.exec("sh", "-c", "nginx -s reload 2>&1 || true")

    assert 'unknown directive "proxy_passs"' in printed
    assert proxy.get().status_code == 204


@pytest.mark.parametrize("line", MISTAKES)
def test_each_mistake_in_a_configuration_has_its_line(build, inside, line):
    """A tested file contains only this mistake."""
    done = inside(build(IMAGE, files=FILES), "sh", "-c", TEST, env={"FILE": MISTAKES[line]})

    assert done.exit_code == 1
    assert "[crit]" in done.output or "[emerg]" in done.output
    assert line in done.output
