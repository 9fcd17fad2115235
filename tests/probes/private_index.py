"""Serve a package index with the wheel of one package, to clients that have the password.

Its arguments are the password, the name and the version of the package.
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
    "RECORD": "",
}
wheel = io.BytesIO()
with zipfile.ZipFile(wheel, "w") as file:
    for part, text in about.items():
        file.writestr(f"{name}-{version}.dist-info/{part}", text)
file_name = f"{name}-{version}-py3-none-any.whl"
allowed = "Basic " + base64.b64encode(f"reader:{password}".encode()).decode()


class Index(http.server.BaseHTTPRequestHandler):
    """Answer with the wheel, or with the list that has it alone."""

    def do_GET(self):
        """Refuse clients without the password."""
        known = self.headers["Authorization"] == allowed
        self.send_response(200 if known else 401)
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        listed = f"<a href='/{file_name}'>{file_name}</a>".encode()
        if known:
            self.wfile.write(wheel.getvalue() if self.path.endswith(".whl") else listed)


print("Listening", flush=True)
http.server.HTTPServer(("", 8000), Index).serve_forever()
