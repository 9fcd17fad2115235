"""nginx in front of Gunicorn, from the image that docs/static-files.md builds."""

IMAGE = "static-files/nginx.Dockerfile.static"
FILES = ["static-files/nginx.default.conf"]
CONF = "/etc/nginx/conf.d/default.conf"
STARTED = "start worker process"


class Nginx:
    """One nginx of a test, whose only server has `locations`; requests work as with a Container."""

    def __init__(self, build, run, folder, locations, networks=()) -> None:
        """Start it, with its configuration in a directory of the test."""
        self.conf = folder / "default.conf"
        self._write(locations)
        options = {"ready": STARTED, "networks": networks}
        options |= {"volumes": [(self.conf, CONF, "ro")]}
        self.container = run(build(IMAGE, files=FILES), **options)
        self.id, self.get = self.container.handle.id, self.container.get

    def change(self, locations):
        """Change its locations, and wait until no old worker is left."""
        self._write(locations)
        self.reload()

    def reload(self):
        """Run `nginx -s reload`, as a reader does."""
        before = self.container.logs().count("exited with code 0")
        self.container.exec("nginx", "-s", "reload")
        self.container.wait_for_log("exited with code 0", count=before + 1)

    def _write(self, locations):
        self.conf.write_text(f"server {{\n    listen 8080;\n{locations}\n}}\n")
