"""Request a path at a fixed rate or from a fixed number of clients, and print the results.

Every request has its own connection, as behind nginx with its default settings. At a fixed rate,
a request's duration counts from the moment when it was due, even if the requests before it are
late.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import suppress

path, seconds, rate, clients, patience, port = map(json.loads, sys.argv[1:])
REQUEST = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
results, waits = Counter(), []


class Client(asyncio.Protocol):
    """One connection: sends the request, and collects the response until the server closes."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self.response, self.over = b"", asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        """Send the request."""
        transport.write(REQUEST)

    def data_received(self, data):
        """Collect the response."""
        self.response += data

    def connection_lost(self, _error):
        """Let the request end."""
        if not self.over.done():
            self.over.set_result(None)


async def ask(due):
    """Send one request, and count its result."""
    transport = None
    try:
        async with asyncio.timeout(patience):
            loop = asyncio.get_running_loop()
            transport, client = await loop.create_connection(Client, "127.0.0.1", port)
            await client.over
    except TimeoutError:
        results["late"] += 1
    except OSError:
        results["refused"] += 1
    else:
        status = client.response[9:12].decode("latin-1") or "cut"
        results[status] += 1
        if status == "200":
            waits.append(time.monotonic() - due)
    finally:
        if transport:
            transport.abort()


async def go_on(end):
    """Send one request after another."""
    while (now := time.monotonic()) < end:
        await ask(now)


async def main():
    """Send all requests."""
    start = time.monotonic()
    async with asyncio.TaskGroup() as group:
        if rate is None:
            for _ in range(clients):
                group.create_task(go_on(start + seconds))
            return
        for number in range(round(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(max(0, due - time.monotonic()))
            group.create_task(ask(due))


begun = time.monotonic()
with suppress(KeyboardInterrupt):
    asyncio.run(main())
waits.sort()
found = {"results": results, "seconds": time.monotonic() - begun}
for share in (50, 99):
    found[f"p{share}"] = 1000 * waits[len(waits) * share // 100] if waits else None
print(json.dumps(found))
