"""The proofs of docs/upgrading-django.md."""

import pytest

from harness import PROBES, SCENARIOS

OLD, NEW = "5.2.14", "6.1.3"
FALLBACK = {"FALLBACK": "1"}


@pytest.fixture(scope="module")
def site(build, inside):
    """Return a function that sends a request to a site on a version of Django."""
    image = build(SCENARIOS / "two-djangos.Dockerfile", project=PROBES)

    def site(version, *task, env=None):
        where = {"PYTHONPATH": f"/django/{version}", "DJANGO_SETTINGS_MODULE": "site_settings"}
        done = inside(image, "python", "visit.py", *task, env=where | (env or {}))
        assert done.exit_code == 0, done.output
        return done.output.strip()

    site(OLD, "prepare")
    return site


def test_signed_cookie_of_an_older_django_is_refused(site):
    """A cookie from 5.2.14 is sent to 6.1.3 with the default settings, then with the fallback."""
    site(OLD, "look", "shopper")
    assert site(OLD, "look", "shopper").startswith("full")
    site(OLD, "look", "other-shopper")

    assert site(NEW, "look", "shopper").startswith("refused")
    assert site(NEW, "look", "other-shopper", env=FALLBACK).startswith("full")


def test_old_django_refuses_the_new_signed_cookie(site):
    """As in a rolling update, the response came from 6.1.3, and the next request reaches 5.2.14."""
    site(NEW, "look", "roamer", env=FALLBACK)
    assert site(NEW, "look", "roamer", env=FALLBACK).startswith("full")

    assert site(OLD, "look", "roamer").startswith("refused")


def test_login_survives_the_upgrade(site):
    """The session in the database began on 5.2.14."""
    assert site(OLD, "log-in", "laptop").endswith(" ada")

    assert site(NEW, "look", "laptop").endswith(" ada")


def test_next_login_ends_the_sessions_on_other_devices(site):
    """The login stores a hash with more iterations, and a session belongs to its original hash."""
    assert site(OLD, "log-in", "phone").endswith(" ada")
    assert site(OLD, "log-in", "tablet").endswith(" ada")
    assert site(NEW, "look", "tablet").endswith(" ada")

    assert site(NEW, "log-in", "phone").endswith(" ada")

    assert site(NEW, "look", "tablet") == "full"
