"""Settings of the blog: those of the first site, apart from what follows."""

from core.settings import *

LANGUAGE_CODE = "de"
