"""Celery: a task leaves the broker only when it has ended."""

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "redis://broker/0")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Longer than the longest countdown or retry delay plus the longest task, in seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_BEAT_SCHEDULE = {
    "clear-sessions": {"task": "core.tasks.clear_sessions", "schedule": 86400},
}
