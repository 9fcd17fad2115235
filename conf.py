"""Settings of the site: sphinx-build -n -W --keep-going -c . docs _site."""

import os
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "docs/_ext"))

project = html_title = "Django on Gunicorn in Docker"
version = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["version"]
extensions = [
    "myst_parser",
    "sphinx_copybutton",
    "guide.extension",  # ours, in docs/_ext
]
myst_enable_extensions = ["deflist"]
smartquotes = False  # it would turn --threads into a dash and threads
# A transcript copies as its commands, without prompts and output; a file copies as it is.
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "furo"
html_theme_options = {}
# On GitHub's machines, each proof links to its test in the very commit that was run.
if repository := os.environ.get("GITHUB_REPOSITORY"):
    source_address = f"https://github.com/{repository}/blob/{os.environ['GITHUB_SHA']}"
    report_address = f"https://github.com/{repository}/issues/new"
    html_theme_options |= {
        "source_repository": f"https://github.com/{repository}/",
        "source_branch": "main",
        "source_directory": "docs/",
    }
# Where the site is published: for canonical links, the sitemap and the page for lost addresses.
html_baseurl = os.environ.get("SITE_ADDRESS", "")
html_static_path = [str(HERE / "docs/_static")]
templates_path = [str(HERE / "docs/_templates")]
html_css_files = ["guide.css"]
html_js_files = [(name, {"defer": "defer"}) for name in ("navigation.js", "stamp.js")]
html_favicon = str(HERE / "docs/_static/favicon.svg")
html_copy_source = False
html_use_index = False
html_show_copyright = False

# The EPUB, which sphinx-build -b epub makes; Sphinx warns about each of these that is missing.
epub_basename = "guide"
epub_author = epub_contributor = f"The authors of {project}"
epub_copyright = "MIT License"
epub_description = "How to run Django on Gunicorn in Docker, with a test for every claim"
epub_identifier = epub_uid = "gunicorn-docker-django"  # two names for the same, as epubcheck wants
epub_show_urls = "no"  # an e-reader opens links
epub_tocscope = "includehidden"  # the sidebar's lists are hidden in the pages
epub_tocdup = False
