"""Ask at once, and again after three seconds of idleness: for a response that takes seven."""

import time
from urllib.request import urlopen

urlopen("http://127.0.0.1:8000/health/").read()
time.sleep(3)
urlopen("http://127.0.0.1:8000/sleep/7/").read()
