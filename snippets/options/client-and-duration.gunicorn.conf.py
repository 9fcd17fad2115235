"""Log each request: the client's address from the proxy, the proxy's, and the ms."""

accesslog = "-"
access_log_format = '%({x-forwarded-for}i)s %(h)s "%(r)s" %(s)s %(b)s %(M)sms'
