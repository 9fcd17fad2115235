"""The sample project with the settings of docs/whitenoise.md, for images that serve their files."""

from harness import PROJECT, SNIPPETS

SETTINGS = (SNIPPETS / "whitenoise/one-container.settings.py").read_text()
CHANGES = {
    "core/settings.py": f"{(PROJECT / 'core/settings.py').read_text()}\n{SETTINGS}",
    "requirements.txt": f"{(PROJECT / 'requirements.txt').read_text()}"
    "whitenoise[brotli]==6.12.0\nbrotli==1.2.1\n",
}
LINK = r'href="(/static/core/site\.[0-9a-f]{12}\.css)"'  # the home page's link to its stylesheet
