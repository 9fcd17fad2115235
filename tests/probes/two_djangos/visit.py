"""Visit the site as clients that store their cookies in files.

Usage: visit.py prepare | log-in CLIENT | look CLIENT
"""

import json
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.test import Client

NAME = {"username": "ada", "password": "a password of a test"}


def main(task: str, name: str = "") -> None:
    """Run the task, and print the site's response."""
    django.setup()
    from django.contrib.auth.models import User  # noqa: PLC0415 - after the set-up

    if task == "prepare":
        call_command("migrate", verbosity=0)
        User.objects.create_user(**NAME)
        return
    kept = Path(f"/tmp/{name}.json")
    client = Client()
    if kept.exists():
        client.cookies.load(json.loads(kept.read_text()))
    if task == "log-in":
        client.login(**NAME)
    print(client.get("/").content.decode())
    kept.write_text(json.dumps({key: cookie.value for key, cookie in client.cookies.items()}))


main(*sys.argv[1:])
