"""The proofs of docs/troubleshooting/invalid-http-host.md."""

import json
import subprocess

ENTRY = "troubleshooting/invalid-http-host"
LIST = """
services:
  list:
    image: web
    environment:
      - ALLOWED_HOSTS="shop.example"
  map:
    image: web
    environment:
      ALLOWED_HOSTS: "shop.example"
"""
HOSTS = ["localhost", "10.0.0.1:8000", "shop.example"]


def test_unknown_host_is_refused(plain_image, run_once, replay):
    """Django returns 400 for a name that is not in ALLOWED_HOSTS, and logs the name."""
    container = run_once(plain_image)
    codes = [container.get("/echo/", headers={"Host": host}).status_code for host in HOSTS]
    container.wait_for_log(f"add '{HOSTS[-1]}' to ALLOWED_HOSTS")

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    assert HOSTS[-1] not in replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert codes == [400, 400, 400]


def test_underscore_in_a_host_is_refused_whatever_is_allowed(plain_image, run):
    """With every name allowed, an underscore still fails, but a hyphen passes."""
    container = run(plain_image, env={"ALLOWED_HOSTS": "*"})
    hosts = ["my_app:8000", "web_1", "my-app:8000"]
    codes = [container.get("/echo/", headers={"Host": host}).status_code for host in hosts]

    assert codes == [400, 400, 200]
    line = "'web_1'. The domain name provided is not valid according to RFC 1034/1035."
    container.wait_for_log(f"Invalid HTTP_HOST header: {line}")


def test_quotes_in_a_compose_list_are_part_of_the_value(docker, plain_image, run, tmp_path):
    """Compose reads the value with its quotes, with which Django does not allow the name."""
    (tmp_path / "compose.yaml").write_text(LIST)
    compose = [*docker.client_config.docker_cmd, "compose", "--file", tmp_path / "compose.yaml"]
    config = subprocess.check_output([*compose, "config", "--format", "json"])
    services = json.loads(config)["services"]
    values = [services[name]["environment"]["ALLOWED_HOSTS"] for name in ("list", "map")]
    container = run(plain_image, env={"ALLOWED_HOSTS": values[0]})

    assert values == ['"shop.example"', "shop.example"]
    assert container.get("/echo/", headers={"Host": "shop.example"}).status_code == 400
