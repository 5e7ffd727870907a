"""A client of Latchkey's RPC, written from docs/wire-protocol.md alone.

Standard library only: the page is exact enough if this works. The comments
name the page's sections. Also the tool by which other tests speak bytes to
the server.
"""

import os
import socket
import ssl
import struct

from tests.wire import messages, protobuf, schema

REQ, REP = 0x30, 0x31
SERVER_NAME = "latchkeyd"
MESSAGE_MAX = 1 << 20


class Refused(Exception):
    """The server answered with a status that is not OK."""

    def __init__(self, status):
        super().__init__("code %d reason %d: %s" % (
            status.get("code", 0), status.get("reason", 0),
            status.get("message", "")))
        self.code = status.get("code", 0)
        self.reason = status.get("reason", 0)
        self.subject = status.get("subject", 0)
        self.violations = status.get("violations", [])
        self.retry_after_ms = status.get("retry_after_ms", 0)


class Closed(Exception):
    """The peer closed the connection."""


def greeting(protocol=REQ):
    """The eight bytes of "Handshake"."""
    return b"\0SP\0" + struct.pack(">HH", protocol, 0)


def tls_context(ca, cert=None, key=None):
    """A context as "TLS" demands of a client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(ca)
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context


class Stream:
    """A connection that carries SP messages, by TLS or by ipc."""

    def __init__(self, sock, is_ipc):
        self.sock = sock
        self.is_ipc = is_ipc

    def greet(self, protocol=REQ):
        """Exchanges greetings; the server must be a REP socket."""
        self.sock.sendall(greeting(protocol))
        answer = self.read(8)
        if answer != greeting(REP):
            raise Closed("greeted with %s" % answer.hex())

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise Closed("after %d of %d bytes" % (len(data), size))
            data += part
        return data

    def frame(self, body):
        """The bytes of one message, by "Framing"."""
        head = b"\1" if self.is_ipc else b""
        return head + struct.pack(">Q", len(body)) + body

    def send(self, body):
        self.sock.sendall(self.frame(body))

    def receive(self):
        if self.is_ipc and self.read(1) != b"\1":
            raise Closed("not a message")
        size = struct.unpack(">Q", self.read(8))[0]
        if size > MESSAGE_MAX:
            raise Closed("message of %d bytes" % size)
        return self.read(size)

    def close(self):
        self.sock.close()


def connect_tls(port, context, timeout=60, name=SERVER_NAME):
    """Returns a Stream over TLS that has not greeted yet."""
    raw = socket.create_connection(("127.0.0.1", port), timeout)
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Stream(context.wrap_socket(raw, server_hostname=name), False)
    except BaseException:
        raw.close()
        raise


def connect_ipc(path, timeout=60):
    """Returns a Stream over a unix socket that has not greeted yet."""
    raw = socket.socket(socket.AF_UNIX)
    raw.settimeout(timeout)
    try:
        raw.connect(path)
    except BaseException:
        raw.close()
        raise
    return Stream(raw, True)


class WireClient:
    """Calls methods, one at a time, over one Stream."""

    def __init__(self, stream):
        self.stream = stream
        self.serial = int.from_bytes(os.urandom(3), "big")
        stream.greet()

    def exchange(self, envelope):
        """Sends an envelope as it is; returns the Reply, unpacked."""
        # "Requests and replies": the high bit marks the last hop's id.
        self.serial = self.serial + 1 & 0x7FFFFFFF
        ident = struct.pack(">I", self.serial | 0x80000000)
        self.stream.send(ident + envelope)
        while True:
            body = self.stream.receive()
            if body[:4] == ident:
                return protobuf.unpack(messages.REPLY, body[4:])

    def call(self, method, access_token=None, timeout_ms=30000, address=None,
             user_agent=None, request_id=None, **fields):
        """Returns the response as a dictionary, or raises Refused."""
        name = "latchkey.v1." + method
        request, response = (messages.METHODS.get(name)
                             or schema.method(name))
        caller = {"access_token": access_token, "client_address": address,
                  "user_agent": user_agent}
        request_id = request_id or os.urandom(16)
        reply = self.exchange(protobuf.pack(messages.CALL, {
            "method": name,
            "payload": protobuf.pack(request, fields),
            "request_id": request_id,
            "timeout_ms": timeout_ms,
            "caller": {k: v for k, v in caller.items() if v is not None},
        }))
        if reply.get("request_id") != request_id:
            raise Closed("the reply is to another request")
        if reply["status"].get("code", 0) != messages.OK:
            raise Refused(reply["status"])
        return protobuf.unpack(response, reply.get("payload", b""))

    def close(self):
        self.stream.close()
