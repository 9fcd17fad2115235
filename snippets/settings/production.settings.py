# Production: append this to settings.py. What differs between machines comes from
# environment variables; `DEBUG=1 python manage.py runserver` works as before.
import os
from pathlib import Path

import dj_database_url


def variable(name, default=None):
    """Return an environment variable, or the text of NAME_FILE or /run/secrets/name."""
    file = Path(os.environ.get(f"{name}_FILE", f"/run/secrets/{name.lower()}"))
    if f"{name}_FILE" in os.environ or file.exists():
        return file.read_text().strip()
    return os.environ[name] if default is None else os.environ.get(name, default)


def items(name):
    """Return the items of a comma-separated environment variable."""
    return [item.strip() for item in variable(name, "").split(",") if item.strip()]


DEBUG = variable("DEBUG", "") == "1"
if not DEBUG:
    SECRET_KEY = variable("SECRET_KEY")
ALLOWED_HOSTS = items("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = items("CSRF_TRUSTED_ORIGINS")

# A database server, as in postgres://user@host/name, or SQLite in a volume at /data.
sqlite = f"sqlite:///{BASE_DIR if DEBUG else '/data'}/db.sqlite3"
DATABASES = {"default": dj_database_url.parse(variable("DATABASE_URL", sqlite))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL",
        "transaction_mode": "IMMEDIATE",
    }
elif password := variable("POSTGRES_PASSWORD", ""):
    DATABASES["default"]["PASSWORD"] = password

# Gunicorn serves the static files, compressed and with hashed names.
STATIC_ROOT = Path(BASE_DIR) / "staticfiles"
MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}

# Set HTTPS=1 once every page is reached by HTTPS, and raise the hour later.
if variable("HTTPS", "") == "1":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = int(variable("HSTS_SECONDS", "3600"))

# Mail is sent by SMTP, with STARTTLS. Django 6.1 rejects MAILERS next to EMAIL_ values.
host, port = variable("EMAIL_HOST", "localhost"), int(variable("EMAIL_PORT", "587"))
user, password = variable("EMAIL_USER", ""), variable("EMAIL_PASSWORD", "")
if "MAILERS" in globals():
    options = {"host": host, "port": port, "username": user, "password": password}
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {**options, "use_tls": True},
        },
    }
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = host, port, True
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = user, password

# Everything goes to the container's log, with tracebacks and in Gunicorn's format.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "gunicorn": {
            "format": "%(asctime)s [%(process)d] [%(levelname)s] %(message)s",
            "datefmt": "[%Y-%m-%d %H:%M:%S %z]",
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "gunicorn"},
    },
    "loggers": {"django": {"handlers": [], "level": "INFO"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
