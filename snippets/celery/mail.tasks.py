"""What the workers run: save this as core/tasks.py."""

from celery import shared_task
from django.core.mail import send_mail
from django.core.management import call_command


@shared_task
def send_welcome(address):
    """Send a mail, for which no request has to wait."""
    send_mail("Welcome", "Your account is ready.", None, [address])


@shared_task
def clear_sessions():
    """Delete expired sessions, once a day."""
    call_command("clearsessions")
