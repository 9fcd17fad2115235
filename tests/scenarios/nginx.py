"""nginx before Gunicorn, from the image that docs/static-files.md builds."""

IMAGE = "static-files/nginx.Dockerfile.static"
FILES = ["static-files/nginx.default.conf"]
CONF = "/etc/nginx/conf.d/default.conf"
STARTED = "start worker process"


class Nginx:
    """One nginx of a test: `locations` are its only server's; it is asked as a Container is."""

    def __init__(self, build, run, folder, locations, networks=()) -> None:
        """Start it; its configuration lies in a folder of the test."""
        self.conf = folder / "default.conf"
        self._write(locations)
        options = {"ready": STARTED, "networks": networks}
        options |= {"volumes": [(self.conf, CONF, "ro")]}
        self.container = run(build(IMAGE, files=FILES), **options)
        self.id, self.get = self.container.handle.id, self.container.get

    def change(self, locations):
        """Give it other locations, and wait until none of the old workers is left."""
        self._write(locations)
        self.reload()

    def reload(self):
        """Do what a reader does who types `nginx -s reload`."""
        before = self.container.logs().count("exited with code 0")
        self.container.exec("nginx", "-s", "reload")
        self.container.wait_for_log("exited with code 0", count=before + 1)

    def _write(self, locations):
        self.conf.write_text(f"server {{\n    listen 8080;\n{locations}\n}}\n")
