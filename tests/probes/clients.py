"""Four clients send requests to Gunicorn on port 8000 while a command, in argv, runs three times.

Prints how many requests they sent, how many of them were lost, and the longest wait in seconds.
"""

import http.client
import json
import subprocess
import sys
import threading
import time

answers, over = [], threading.Event()


def ask():
    """Request a response of 20 ms, again and again."""
    while not over.is_set():
        client, begun = http.client.HTTPConnection("127.0.0.1", 8000, timeout=60), time.monotonic()
        try:
            client.request("GET", "/sleep/0.02/", headers={"Host": "shop.example"})
            good = client.getresponse().status == 200
        except OSError:
            good = False
        client.close()
        answers.append((good, time.monotonic() - begun))
        time.sleep(0.05)


clients = [threading.Thread(target=ask) for _ in range(4)]
for client in clients:
    client.start()
for _ in range(3):
    time.sleep(3)
    subprocess.run(sys.argv[1:], check=False)
    time.sleep(3)
over.set()
for client in clients:
    client.join()
lost = [good for good, _ in answers].count(False)
print(json.dumps([len(answers), lost, round(max(waited for _, waited in answers), 1)]))
