"""Do not copy: Gunicorn 27 lacks this class and ignores this setting."""

worker_class = "eventlet"
tolerate_dangerous_framing = True
