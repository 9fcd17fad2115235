"""Open four connections that send nothing, for ten minutes."""

import socket
import time

clients = [socket.create_connection(("127.0.0.1", 8000)) for _ in range(4)]
time.sleep(600)
