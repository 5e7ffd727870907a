"""A server that answers every call with one status of the test's choice: for
what the real one says only when it is ill."""

import os
import socket
import struct
import tempfile
import threading

from tests.wire import messages, protobuf, wire_client

UNAVAILABLE = 14


class FakeServer:
    """Listens as ipc; `status` is what it answers."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        self.path = os.path.join(self.folder, "ipc")
        self.status = {"code": UNAVAILABLE}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,),
                             daemon=True).start()

    def _serve(self, sock):
        stream = wire_client.Stream(sock, True)
        try:
            stream.read(8)
            sock.sendall(wire_client.greeting(wire_client.REP))
            while True:
                body = stream.receive()
                call = protobuf.unpack(messages.CALL, body[4:])
                stream.send(body[:4] + protobuf.pack(messages.REPLY, {
                    "request_id": call["request_id"],
                    "status": self.status}))
        except (OSError, wire_client.Closed):
            sock.close()

    def close(self):
        self.listener.close()
        os.unlink(self.path)
        os.rmdir(self.folder)
