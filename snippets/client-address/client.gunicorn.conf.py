"""The access log begins with the client's address, as the proxy tells it."""

THE_REST = '%(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'  # is the default's
access_log_format = "%({x-forwarded-for}i)s " + THE_REST
