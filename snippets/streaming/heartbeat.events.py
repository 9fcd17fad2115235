"""Server-sent events that nginx passes on one by one."""

import json

from django.http import StreamingHttpResponse


def server_sent(events):
    """Respond with what `events` yields; a None becomes a keep-alive comment."""

    def lines():
        for event in events:
            yield ":\n\n" if event is None else f"data: {json.dumps(event)}\n\n"

    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(lines(), "text/event-stream", headers=headers)
