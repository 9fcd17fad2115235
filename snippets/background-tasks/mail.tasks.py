"""What the worker runs: save this as core/tasks.py."""

from django.core.mail import send_mail
from django.tasks import task


@task
def send_welcome(address):
    """Send a mail, for which no request has to wait."""
    send_mail("Welcome", "Your account is ready.", None, [address])
