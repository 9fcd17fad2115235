"""Let Django find what is in core/: a new project's settings do not list it as an app."""

INSTALLED_APPS += ["core"]
