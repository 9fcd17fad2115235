"""Print the value that Gunicorn settles on, for each setting and set of sources of the argument."""

import importlib
import json
import os
import pathlib
import sys
import tempfile

importlib.import_module("gunicorn.app.wsgiapp")
for name in [name for name in sys.modules if name.split(".")[0] == "gunicorn"]:
    del sys.modules[name]
for setting, variables, files, flags in json.loads(sys.argv[1]):
    os.chdir(tempfile.mkdtemp())
    for name, text in files.items():
        pathlib.Path(name).write_text(text)
    if not os.fork():
        os.environ |= variables
        sys.argv = ["gunicorn", "core.wsgi", *flags]
        from gunicorn.app.wsgiapp import WSGIApplication

        print(WSGIApplication().cfg.settings[setting].get(), flush=True)
        os._exit(0)
    os.wait()
