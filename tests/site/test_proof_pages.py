"""What holds for every page that the tests make."""

import gzip

import pytest

HEAVIEST = 64_000  # bytes of HTML as a server sends them, compressed


@pytest.mark.parametrize("folder", ["proofs", "uses"])
def test_generated_page_is_light(site, folder):
    """Compressed, no page of proofs or of a helper is heavier than a small picture."""
    pages = sorted((site / folder).rglob("*.html"))
    heavy = {p.name: size for p in pages if (size := len(gzip.compress(p.read_bytes()))) > HEAVIEST}

    assert pages
    assert heavy == {}
