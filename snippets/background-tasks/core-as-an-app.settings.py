"""Make core/ an app, so that Django finds what is in it."""

INSTALLED_APPS += ["core"]
