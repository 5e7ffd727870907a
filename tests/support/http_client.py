"""HTTP/1.1 over a plain socket: what is sent is what the test wrote, and
every byte and header of the answer can be looked at."""

import json
import socket

PATIENCE_S = 60


class NoAnswer(Exception):
    """The connection ended, or stayed silent, before a whole answer came."""


class Response:
    """Status, headers in their order, body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def all(self, name):
        """Every value of a header."""
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def header(self, name):
        """The one value of a header, None without it."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError("%s is there %d times: %s"
                                 % (name, len(values), values))
        return values[0] if values else None

    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%d %r %r" % (self.status, self.headers, self.body[:400])


# Who looks at every answer: called with the port, the method and the path of
# the request, and the answer.
OBSERVERS = []

# Instead of a method and a path: of a request without a line that can be read,
# or of none at all.
UNREADABLE = (None, None)


class Connection:
    """One connection. May carry several requests.

    Each answer is shown to the OBSERVERS, so it has to be said beforehand what
    it answers: by ask(), or by expect() where bytes are sent as they are.
    """

    def __init__(self, port, timeout=PATIENCE_S, source=None):
        self.port = port
        self.sock = socket.create_connection(
            ("127.0.0.1", port), timeout,
            source_address=source and (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.expected = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def expect(self, method, path):
        """The next answer that is not yet expected is to this request."""
        self.expected.append((method, path))

    def send(self, data):
        self.sock.sendall(data)

    def ask(self, method, path, headers=(), body=None):
        """Sends a request."""
        self.expect(method, path)
        self.send(encode(method, path, headers, body))

    def _fill(self):
        try:
            part = self.sock.recv(65536)
        except (ConnectionResetError, TimeoutError) as error:
            raise NoAnswer("%s after %r" % (error, self.buffer)) from error
        if not part:
            raise NoAnswer("closed after %r" % self.buffer)
        self.buffer += part

    def _take(self, size):
        while len(self.buffer) < size:
            self._fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def _take_until(self, mark):
        while mark not in self.buffer:
            self._fill()
        data, self.buffer = self.buffer.split(mark, 1)
        return data

    def receive(self):
        """Returns the next answer; interim ones (100) are passed over."""
        if not self.expected:
            raise AssertionError("nobody said what this answers")
        method, path = self.expected.pop(0)
        response = self._head()
        while response.status < 200:
            response = self._head()
        if method != "HEAD":
            response.body = self._body(response)
        for observe in OBSERVERS:
            observe(self.port, method, path, response)
        return response

    def receive_interim(self):
        """Returns the status of an interim answer (100)."""
        response = self._head()
        if response.status >= 200:
            raise NoAnswer("at once: %r" % response)
        return response.status

    def _head(self):
        first, *rest = self._take_until(b"\r\n\r\n").decode(
            "latin-1").split("\r\n")
        version, status = first.split(" ", 2)[:2]
        if not version.startswith("HTTP/1."):
            raise NoAnswer("not HTTP: %r" % first)
        headers = []
        for line in rest:
            name, value = line.split(":", 1)
            headers.append((name, value.strip()))
        return Response(int(status), headers, b"")

    def _body(self, response):
        if response.status in (204, 304):
            return b""
        if (response.header("Transfer-Encoding") or "") == "chunked":
            body = b""
            while True:
                size = int(self._take_until(b"\r\n"), 16)
                body += self._take(size)
                self._take(2)
                if size == 0:
                    return body
        return self._take(int(response.header("Content-Length") or 0))

    def is_closed(self):
        """Waits until the peer closed; False if it says something first."""
        try:
            return not self.buffer and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True


def encode(method, path, headers=(), body=None):
    """Returns the bytes of a request. headers: a dict or pairs."""
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in pairs}
    lines = ["%s %s HTTP/1.1" % (method, path)]
    if "host" not in names:
        lines.append("Host: localhost")
    lines += ["%s: %s" % pair for pair in pairs]
    if body is not None and not names & {"content-length",
                                         "transfer-encoding"}:
        lines.append("Content-Length: %d" % len(body))
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + (body or b"")


def request(port, method, path, headers=(), body=None):
    """One request on a connection of its own."""
    with Connection(port) as connection:
        connection.ask(method, path, headers, body)
        return connection.receive()


def post_json(port, path, value, headers=()):
    """A POST with a JSON body."""
    pairs = [("Content-Type", "application/json")]
    pairs += list(headers.items() if isinstance(headers, dict) else headers)
    return request(port, "POST", path, pairs, json.dumps(value).encode())
