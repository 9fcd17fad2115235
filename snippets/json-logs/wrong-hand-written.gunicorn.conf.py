"""Do not copy: a client can make the lines invalid."""

accesslog = "-"
access_log_format = '{"request": "%(r)s", "status": %(s)s, "user_agent": "%(a)s"}'
