"""Kinds of projects, and the changes that docs/your-project.md describes for each."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness import SNIPPETS
from harness.texts import edited
from scenarios.fresh import BLOCK, WITHOUT_BROTLI

COMPILED = (SNIPPETS / "compiled-packages/postgresql.Dockerfile").read_text()
INSERT = 'MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")\n'
ROOT = 'STATIC_ROOT = Path(BASE_DIR) / "staticfiles"\n'
S3 = """
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": "shop-static", "querystring_auth": False},
    },
}
"""
OWN_VARIABLES = """
import os
import dj_database_url
SECRET_KEY = os.environ["SHOP_KEY"]
DEBUG = False
ALLOWED_HOSTS = os.environ["SHOP_HOSTS"].split(",")
DATABASES = {"default": dj_database_url.parse(os.environ["SHOP_DATABASE"])}
STATIC_ROOT = BASE_DIR / "staticfiles"
MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")
"""
OLDER = """
PROJECT_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_HOST = "smtp.old.test"
"""
HELLO = """
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("hello"))]
"""
BUNDLE = "app/bundle.0123456789ab.css"
COMMITTED = """
import sqlite3

from django.conf import settings
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path


def page(request):
    connection = sqlite3.connect(f"file:{settings.BASE_DIR}/search.db?mode=ro", uri=True)
    [title] = connection.execute("SELECT title FROM page").fetchone()
    return HttpResponse(f'<link href="{static("app/bundle.css")}">{title}')


urlpatterns = [path("", page)]
"""
COMPRESSED = """
import os
DEBUG = os.environ.get("SHOP_DEBUG", "1") == "1"
INSTALLED_APPS += ["compressor"]
STATICFILES_DIRS = [BASE_DIR / "assets"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "compressor.finders.CompressorFinder",
]
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]
COMPRESS_OFFLINE = True
"""
TEMPLATE = """{% load compress static %}
{% compress css %}<link rel="stylesheet" href="{% static 'shop.css' %}">{% endcompress %}
"""
VIEW = """
from django.urls import path
from django.views.generic import TemplateView

urlpatterns = [path("", TemplateView.as_view(template_name="page.html"))]
"""
DATA = """
DATA = BASE_DIR / "data"
(DATA / "shop.log").touch()
for name in "uploads", "keys":
    (DATA / name).mkdir(parents=True, exist_ok=True)
DATABASES["default"]["NAME"] = DATA / "db.sqlite3"
MEDIA_ROOT = DATA / "uploads"
"""
LOCAL = """
try:
    from local_settings import *
except ImportError:
    pass
"""
INVALID = "class {{ name }}(View):\n    pass\n"
PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "hello"
msgstr "hallo"
"""


@dataclass
class Project:
    """A reader's project: the original directory, and the reader's copies of the guide's files."""

    folder: Path
    settings: str = "core/settings.py"
    block: str = BLOCK
    dockerfile: str = (SNIPPETS / "dockerfile/app.Dockerfile").read_text()
    ignore: str = (SNIPPETS / "dockerfile/app.Dockerfile.dockerignore").read_text()
    requirements: str = WITHOUT_BROTLI
    requirements_file: str = "requirements.txt"
    env: dict[str, str] = field(default_factory=dict)

    def edit(self, path: str, changes: dict[str, str]) -> None:
        """Change a file of the original project, before the reader follows the guide."""
        (self.folder / path).write_text(edited((self.folder / path).read_text(), changes))

    def without_static(self) -> None:
        """Delete the stage `static` and its `COPY`."""
        [stage] = re.findall(r"(?s)FROM packages AS static\n.*?\n\n", self.dockerfile)
        copy = "COPY --from=static /collected /\n"
        self.dockerfile = edited(self.dockerfile, {stage: "", copy: ""})

    def without_storages(self) -> None:
        """Omit the STORAGES of the guide's settings."""
        [storages] = re.findall(r"(?s)STORAGES = \{.*?\n\}\n", self.block)
        self.block = edited(self.block, {storages: ""})

    def follow(self) -> Path:
        """Follow the four steps: append the settings, save the files; return the Dockerfile."""
        settings = self.folder / self.settings
        settings.write_text(settings.read_text() + self.block)
        (self.folder / self.requirements_file).write_text(self.requirements)
        dockerfile = self.folder / "Dockerfile"
        dockerfile.write_text(self.dockerfile)
        (self.folder / "Dockerfile.dockerignore").write_text(self.ignore)
        return dockerfile


def plain(project: Project) -> None:
    """Change nothing in the output of `startproject`."""


def settings_package(project: Project) -> None:
    """Use several settings modules, of which manage.py uses another one by default."""
    folder = project.folder
    (folder / "core").rename(folder / "config")
    for file in folder.rglob("*.py"):
        text = file.read_text().replace("core.settings", "config.settings.local")
        file.write_text(re.sub(r"(?<!\.)\bcore\.", "config.", text))
    (folder / "config/settings").mkdir()
    (folder / "config/settings.py").rename(folder / "config/settings/base.py")
    project.edit("config/settings/base.py", {".parent.parent\n": ".parent.parent.parent\n"})
    for name in "local", "production":
        (folder / f"config/settings/{name}.py").write_text("from .base import *\n")
    project.settings = "config/settings/production.py"
    stage = "FROM packages AS static\n"
    env = "ENV DJANGO_SETTINGS_MODULE=config.settings.production\n\n"
    project.dockerfile = edited(
        project.dockerfile, {stage: env + stage, "core.wsgi": "config.wsgi"}
    )


def other_module(project: Project, name: str) -> None:
    """Call the package with wsgi.py by another name, as `startproject` does if it is told to."""
    folder = project.folder
    for file in folder.rglob("*.py"):
        file.write_text(re.sub(r"(?<!\.)\bcore\b", name, file.read_text()))
    (folder / "core").rename(folder / name)
    project.settings = f"{name}/settings.py"


def own_variables(project: Project) -> None:
    """Read the settings from the project's own environment variables, without the guide's."""
    settings = project.folder / project.settings
    settings.write_text(settings.read_text() + OWN_VARIABLES)
    project.block = ""
    build = "SHOP_KEY=unused SHOP_HOSTS= SHOP_DATABASE=sqlite:////tmp/db "
    command = "python manage.py collectstatic"
    project.dockerfile = edited(project.dockerfile, {command: build + command})
    project.env = {
        "SHOP_KEY": "of this machine",
        "SHOP_HOSTS": "*",
        "SHOP_DATABASE": "sqlite:////data/db.sqlite3",
    }


def older_settings(project: Project) -> None:
    """Have settings like those of old projects: a tuple, mail from before 6.1, a local module."""
    text = (project.folder / project.settings).read_text()
    [mailers] = re.findall(r"(?s)MAILERS = \{.*?\n\}\n", text)
    [middleware] = re.findall(r"(?s)MIDDLEWARE = \[.*?\n\]\n", text)
    base = "BASE_DIR = Path(__file__).resolve().parent.parent\n"
    database = "BASE_DIR / 'db.sqlite3'"
    joined = "os.path.join(PROJECT_DIR, 'db.sqlite3')"
    old = middleware.replace("[", "(").replace("]", ")")
    changes = {"from pathlib import Path": "import os", base: OLDER, database: joined}
    project.edit(project.settings, changes | {mailers: "", middleware: old})
    settings = project.folder / project.settings
    settings.write_text(f"{settings.read_text()}{LOCAL}")
    (project.folder / "local_settings.py").write_text('DEBUG = True\nSECRET_KEY = "canary"\n')
    project.block = f"BASE_DIR = PROJECT_DIR\nMIDDLEWARE = list(MIDDLEWARE)\n{project.block}"
    project.ignore += "local_settings.py\n"


def several_requirements(project: Project) -> None:
    """List the packages in two files, of which one includes the other."""
    base = project.folder / "requirements/base.txt"
    base.parent.mkdir()
    base.write_text(project.requirements)
    project.requirements_file = "requirements/production.txt"
    project.requirements = "-r base.txt\n"
    file, folder = (f"source={name},target={name}" for name in ("requirements.txt", "requirements"))
    option = "--requirement requirements"
    changes = {file: folder, f"{option}.txt": f"{option}/production.txt"}
    project.dockerfile = edited(project.dockerfile, changes)


def subdirectory(project: Project) -> None:
    """Move manage.py and the packages to src, where uploads are, too."""
    (project.folder / "src/media").mkdir(parents=True)
    (project.folder / "src/media/photo.jpg").write_text("canary")
    for name in "manage.py", "core":
        (project.folder / name).rename(project.folder / "src" / name)
    project.settings = "src/core/settings.py"
    project.dockerfile = edited(project.dockerfile, {"COPY . .": "COPY src ."}, times=2)
    project.ignore = re.sub(r"(?m)^(?!#|\*\*/|$)", "src/", project.ignore)


def whitenoise_already(project: Project) -> None:
    """Add WhiteNoise's middleware in advance."""
    security = "    'django.middleware.security.SecurityMiddleware',\n"
    own = "    'whitenoise.middleware.WhiteNoiseMiddleware',\n"
    project.edit(project.settings, {security: security + own})
    project.block = edited(project.block, {INSERT: ""})


def no_manifest(project: Project) -> None:
    """Keep the names of static files, as Django's default storage does."""
    project.without_storages()


def other_static_root(project: Project) -> None:
    """Use a different STATIC_ROOT, with files from an older `collectstatic` in it."""
    settings = project.folder / project.settings
    settings.write_text(f'{settings.read_text()}STATIC_ROOT = BASE_DIR / "public/assets"\n')
    old = project.folder / "public/assets/staticfiles.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    project.block = edited(project.block, {ROOT: ""})
    project.ignore += "public/assets\n"


def static_files_on_s3(project: Project) -> None:
    """Keep the static files in a bucket, to which no page sends a request."""
    settings = project.folder / project.settings
    settings.write_text(settings.read_text() + S3)
    project.requirements += "django-storages[s3]==1.14.6\n"
    project.without_storages()
    project.block = edited(project.block, {INSERT: ""})
    project.without_static()


def no_static_files(project: Project) -> None:
    """Be an API: neither the admin nor the static files app is installed."""
    apps = [f"    'django.contrib.{name}',\n" for name in ("admin", "staticfiles")]
    project.edit(project.settings, dict.fromkeys(apps, ""))
    (project.folder / "core/urls.py").write_text(HELLO)
    project.without_storages()
    project.block = edited(project.block, {INSERT: "", ROOT: ""})
    project.without_static()


def committed_files(project: Project) -> None:
    """Commit STATIC_ROOT with the output of a frontend build, and a database with a page."""
    manifest = {"paths": {"app/bundle.css": BUNDLE}, "version": "1.1", "hash": ""}
    static = project.folder / "static"
    (static / "app").mkdir(parents=True)
    (static / "staticfiles.json").write_text(json.dumps(manifest))
    for name in "app/bundle.css", BUNDLE:
        (static / name).write_text("h1 { color: green }")
    with sqlite3.connect(project.folder / "search.db") as connection:
        connection.executescript("CREATE TABLE page (title); INSERT INTO page VALUES ('found')")
    connection.close()
    (project.folder / "core/urls.py").write_text(COMMITTED)
    settings = project.folder / project.settings
    settings.write_text(f'{settings.read_text()}STATIC_ROOT = BASE_DIR / "static"\n')
    project.block = edited(project.block, {ROOT: ""})
    project.without_static()
    project.ignore += "!search.db\n"


def compressed_offline(project: Project) -> None:
    """Compress the stylesheets during the build, although debug is on by default."""
    for path, text in {
        "assets/shop.css": "h1 { color: green }",
        "templates/page.html": TEMPLATE,
    }.items():
        (project.folder / path).parent.mkdir()
        (project.folder / path).write_text(text)
    (project.folder / "core/urls.py").write_text(VIEW)
    settings = project.folder / project.settings
    settings.write_text(settings.read_text() + COMPRESSED)
    project.requirements += "django-compressor==4.6.0\n"
    [debug] = re.findall(r"DEBUG = variable.*\n", project.block)
    project.block = edited(project.block, {debug: ""})
    log = " && cat /log \\\n"
    compress = " && SHOP_DEBUG=0 SECRET_KEY=unused python manage.py compress \\\n"
    project.dockerfile = edited(project.dockerfile, {log: log + compress})
    project.env = {"SHOP_DEBUG": "0"}


def data_directory(project: Project) -> None:
    """Keep the database, the log, the uploads and the keys in a directory next to manage.py."""
    settings = project.folder / project.settings
    settings.write_text(settings.read_text() + DATA)
    for path in "db.sqlite3", "uploads/photo.jpg", "keys/signing":
        (project.folder / "data" / path).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / "data" / path).write_text("canary")
    project.ignore += "data\n"
    user, key = "USER 10001:10001\n", "SECRET_KEY=not"
    changes = {user: f"RUN ln -s /data data\n{user}", key: f"mkdir data && {key}"}
    project.dockerfile = edited(project.dockerfile, changes)


def left_overs(project: Project) -> None:
    """Add translations, a pinned Python, a virtual environment, uploads and a .dockerignore."""
    files = {
        "core/locale/de/LC_MESSAGES/django.po": PO,
        ".dockerignore": "*\n",
        ".python-version": "3.11\n",
        "venv/lib/python3.11/broken.py": INVALID,
        "media/photo.jpg": "canary",
    }
    for path, text in files.items():
        (project.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / path).write_text(text)


def invalid_python(project: Project) -> None:
    """Add a module template whose name ends in .py."""
    (project.folder / "templates").mkdir()
    (project.folder / "templates/views.py").write_text(INVALID)


def asgi_only(project: Project) -> None:
    """Remove wsgi.py."""
    (project.folder / "core/wsgi.py").unlink()
    text = (project.folder / project.settings).read_text()
    [line] = re.findall(r"WSGI_APPLICATION = .*\n", text)
    project.edit(project.settings, {line: ""})
    flags = '"core.asgi", "--worker-class", "asgi", "--graceful-timeout", "8"'
    project.dockerfile = edited(project.dockerfile, {'"core.wsgi"': flags})


def mysqlclient(project: Project) -> None:
    """Use MySQL, whose driver has no wheel; no page sends a query."""
    project.requirements += "mysqlclient==2.3.2\n"
    project.env = {"DATABASE_URL": "mysql://app@db/app"}
    names = {
        "libpq-dev": "default-libmysqlclient-dev pkgconf",
        "recommends libpq5": "recommends libmariadb3",
        'python -c "import psycopg"': 'python -c "import MySQLdb"',
    }
    project.dockerfile = edited(COMPILED, names)


def geodjango(project: Project) -> None:
    """Use PostGIS, for which Django loads GDAL; no page sends a query."""
    settings = project.folder / project.settings
    settings.write_text(f'{settings.read_text()}INSTALLED_APPS += ["django.contrib.gis"]\n')
    project.requirements += "psycopg[c]==3.3.9\n"
    project.env = {"DATABASE_URL": "postgis://app@db/app"}
    project.dockerfile = edited(COMPILED, {"recommends libpq5": "recommends gdal-bin libpq5"})


KINDS: list[Callable[[Project], None]] = [
    plain,
    settings_package,
    own_variables,
    older_settings,
    several_requirements,
    subdirectory,
    whitenoise_already,
    no_manifest,
    other_static_root,
    static_files_on_s3,
    no_static_files,
    committed_files,
    compressed_offline,
    data_directory,
    left_overs,
    invalid_python,
    asgi_only,
    mysqlclient,
    geodjango,
]


def copy_of(fresh: Path, folder: Path) -> Project:
    """Return a copy of a project, to be changed."""
    shutil.copytree(fresh, folder)
    return Project(folder)
