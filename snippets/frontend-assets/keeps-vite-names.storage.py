"""Static files storage that leaves the names of Vite's output as they are."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class ViteStorage(ManifestStaticFilesStorage):
    """Hash all names but those below assets/, which have a hash of Vite's."""

    def file_hash(self, name, content=None):
        """Return no hash for a file of Vite's, so that its name stays the same."""
        return None if name.startswith("assets/") else super().file_hash(name, content)
