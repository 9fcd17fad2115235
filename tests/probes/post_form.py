"""Post the admin's login form as a browser does, and print the response's status and text."""

import re
import ssl
import sys
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPSHandler, Request, build_opener

url, certificate = sys.argv[1:]
secure = HTTPSHandler(context=ssl.create_default_context(cafile=certificate))
browser = build_opener(HTTPCookieProcessor(CookieJar()), secure)
page = browser.open(url).read().decode()
[token] = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)
form = {"csrfmiddlewaretoken": token, "username": "nobody", "password": "wrong"}
site = "{0.scheme}://{0.netloc}".format(urlsplit(url))
headers = {"Origin": site, "Referer": url}
request = Request(url, urlencode(form).encode(), headers)  # noqa: S310
try:
    answer = browser.open(request)
except HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
