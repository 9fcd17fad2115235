"""Begin each line of the access log with the client's address that the proxy sends."""

REST_OF_DEFAULT = '%(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'
access_log_format = "%({x-forwarded-for}i)s " + REST_OF_DEFAULT
