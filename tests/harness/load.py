"""Clients that keep sending requests while something else changes, and their results."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Self

import httpx

from harness.container import PATIENCE, TLS, wait_until


class Load:
    """A few clients in the background of a `with` block; each request has its own connection."""

    def __init__(
        self,
        url: str,
        clients: int = 2,
        pause: float = 0.05,
        methods: Sequence[str] = ("GET",),
        **options: Any,
    ) -> None:
        """Request `url` with each method in turn, with a pause of this many seconds after the last.

        `options` are those of httpx.request.
        """
        self.url, self.pause, self.methods = url, pause, methods
        self.options = {"timeout": PATIENCE, "verify": TLS, **options}
        self.rounds = [0] * clients  # for each client, its requests with all methods
        self.answers: Counter[int | str] = Counter()  # by status, or by the name of the error
        self.begun: list[tuple[float, int | str]] = []  # for each request, its start and its result
        self.over = threading.Event()
        self.clients = [threading.Thread(target=self._ask, args=[n]) for n in range(clients)]

    @property
    def lost(self) -> int:
        """How many requests got no response, or a bad one."""
        return self.answers.total() - self.answers[200]

    def wait(self, count: int = 20) -> None:
        """Wait for this many more responses."""
        enough = self.answers.total() + count
        wait_until(lambda: self.answers.total() >= enough)
        assert self.answers.total() >= enough, f"no answers any more: {self.answers}"

    def wait_for_each(self) -> None:
        """Wait until each client has the response to a request that it sends after this call."""
        enough = [rounds + 2 for rounds in self.rounds]
        wait_until(lambda: all(map(int.__ge__, self.rounds, enough)))
        assert all(map(int.__ge__, self.rounds, enough)), f"no answers any more: {self.answers}"

    def __enter__(self) -> Self:
        """Begin, and return once the first responses have arrived."""
        for client in self.clients:
            client.start()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        """Send a few more requests, and end."""
        try:
            self.wait()
        finally:
            self.over.set()
            for client in self.clients:
                client.join()

    def _ask(self, client: int) -> None:
        while not self.over.is_set():
            for method in self.methods:
                start = time.monotonic()
                answer: int | str
                try:
                    answer = httpx.request(method, self.url, **self.options).status_code
                except httpx.TransportError as error:
                    answer = type(error).__name__
                self.answers[answer] += 1
                self.begun.append((start, answer))
            self.rounds[client] += 1
            time.sleep(self.pause)
