"""Send each raw request of the argument on its own connection, and print what comes back."""

import json
import socket
import sys

answers = []
for request in json.loads(sys.argv[1]):
    with socket.create_connection(("127.0.0.1", 8000)) as connection:
        connection.settimeout(60)
        answer = b""
        try:
            connection.sendall(request.encode("latin-1"))
            connection.shutdown(socket.SHUT_WR)
            while some := connection.recv(65536):
                answer += some
        except OSError as e:
            print(e, file=sys.stderr)
        answers.append(answer.decode("latin-1"))
print(json.dumps(answers))
