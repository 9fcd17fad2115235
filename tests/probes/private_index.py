"""Serve a package index with the wheel of one package, to clients that have the password.

Its arguments are the password, and the package's name and version.
"""

import base64
import http.server
import io
import sys
import zipfile

password, name, version = sys.argv[1:]
about = {
    "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    "WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    "RECORD": "".join(
        f"{name}-{version}.dist-info/{part},,\n" for part in ("METADATA", "WHEEL", "RECORD")
    ),
}
wheel = io.BytesIO()
with zipfile.ZipFile(wheel, "w") as file:
    for part, text in about.items():
        file.writestr(f"{name}-{version}.dist-info/{part}", text)
file_name = f"{name}-{version}-py3-none-any.whl"
allowed = "Basic " + base64.b64encode(f"reader:{password}".encode()).decode()


class Index(http.server.BaseHTTPRequestHandler):
    """Respond with the wheel, or with a list that contains only the wheel."""

    def do_HEAD(self):
        """Send only the headers, and return their body."""
        listed = f"<a href='/{file_name}'>{file_name}</a>".encode()
        body = wheel.getvalue() if self.path.endswith(".whl") else listed
        known = self.headers["Authorization"] == allowed
        self.send_response(200 if known else 401)
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(known * len(body)))
        self.end_headers()
        return known * body

    def do_GET(self):
        """Reject clients without the password."""
        self.wfile.write(self.do_HEAD())


print("Listening", flush=True)
http.server.HTTPServer(("", 8000), Index).serve_forever()
