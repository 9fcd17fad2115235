"""The proofs of docs/troubleshooting/vanished-headers.md."""

ENTRY = "troubleshooting/vanished-headers"
SERVE = ["gunicorn", "wsgiref.simple_server:demo_app", "--bind", "0.0.0.0:8000"]
CLAIM = {"OIDC_CLAIM_sub": "ada"}
IN_THE_ENVIRONMENT = "HTTP_OIDC_CLAIM_SUB = 'ada'"


def test_header_with_an_underscore_vanishes(plain_image, run_once, replay):
    """Two headers are sent: Django gets only the one with dashes, and the log shows nothing."""
    container = run_once(plain_image)

    replay(f"{ENTRY}/line.console", web=container.handle.id)
    replay(f"{ENTRY}/confirm.console", web=container.handle.id)
    assert "token" not in container.logs().lower()


def test_dashes_keep_the_key_of_the_header(plain_image, run):
    """The name with dashes arrives with the same key as the one with underscores."""
    container = run(plain_image, *SERVE)

    assert IN_THE_ENVIRONMENT not in container.get(headers=CLAIM).text
    assert IN_THE_ENVIRONMENT in container.get(headers={"OIDC-Claim-Sub": "ada"}).text


def test_forwarder_headers_wants_capitals(plain_image, run):
    """The client sends the same name to both containers; the option has two spellings."""
    trust = {"FORWARDED_ALLOW_IPS": "*"}
    as_sent, capitals = (
        run(plain_image, *SERVE, "--forwarder-headers", name, env=trust)
        for name in ("OIDC_CLAIM_sub", "OIDC_CLAIM_SUB")
    )

    assert IN_THE_ENVIRONMENT not in as_sent.get(headers=CLAIM).text
    assert IN_THE_ENVIRONMENT in capitals.get(headers=CLAIM).text
