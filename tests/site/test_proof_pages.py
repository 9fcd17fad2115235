"""Checks of every page that the tests generate."""

import gzip

import pytest

HEAVIEST = 64_000  # bytes of HTML as a server sends it, compressed


@pytest.mark.parametrize("folder", ["proofs", "uses"])
def test_generated_page_is_light(site, folder):
    """Compressed, no page of proofs or helpers is larger than a small image."""
    pages = sorted((site / folder).rglob("*.html"))
    heavy = {p.name: size for p in pages if (size := len(gzip.compress(p.read_bytes()))) > HEAVIEST}

    assert pages
    assert heavy == {}
