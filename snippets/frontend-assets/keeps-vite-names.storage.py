"""Static files storage that leaves the names of Vite's output as they are."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class ViteStorage(ManifestStaticFilesStorage):
    """Hash all names but those below assets/, which have a hash of Vite's."""

    def hashed_name(self, name, content=None, filename=None):
        """Return the same name for a file of Vite's."""
        if name.startswith("assets/"):
            return name
        return super().hashed_name(name, content, filename)
