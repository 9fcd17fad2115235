"""The socket of docs/unix-socket.md, for its proofs and its measurements."""

SOCKET = "/run/gunicorn/web.sock"
