"""Let Sphinx find the pages and claims of this guide."""

extensions = ["sphinx.ext.intersphinx"]
intersphinx_mapping = {
    "guide": ("https://example.com/guide/", None),
}
