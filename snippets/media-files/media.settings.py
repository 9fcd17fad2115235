"""Keep uploads in a volume of their own, which nginx serves."""

MEDIA_ROOT = "/media"
MEDIA_URL = "media/"
