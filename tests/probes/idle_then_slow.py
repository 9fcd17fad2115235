"""Request a response that takes 7 s, immediately and again after 3 idle seconds."""

import time
from urllib.request import urlopen

urlopen("http://127.0.0.1:8000/health/").read()
time.sleep(3)
urlopen("http://127.0.0.1:8000/sleep/7/").read()
