"""Log each request: the client that the proxy names, the proxy, the milliseconds."""

accesslog = "-"
access_log_format = '%({x-forwarded-for}i)s %(h)s "%(r)s" %(s)s %(b)s %(M)sms'
