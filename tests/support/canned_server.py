"""A server that answers one connection with bytes of the test's choice."""

import socket
import threading


class CannedServer:
    """Listens on a port of its own until it is closed."""

    def __init__(self, data):
        self.data = data
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        sock, _ = self.listener.accept()
        sock.recv(65536)
        sock.sendall(self.data)
        sock.close()

    def close(self):
        self.listener.close()
