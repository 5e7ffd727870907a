"""The gateway's limits against slow, greedy and ambiguous clients."""

import socket
import time
import unittest

from tests.contract import held
from tests.contract.case import check_headers
from tests.support import http_client
from tests.support.deployment import Deployment
from tests.support.http_client import UNREADABLE, NoAnswer, encode
from tests.support.process import repeat_until

LOGIN = "/api/auth/login/"
BODY_MAX = 65536
PER_ADDRESS = 12
SETTINGS = {
    "limits.head_timeout_ms": 1000,
    "limits.request_timeout_ms": 2000,
    "limits.idle_timeout_ms": 1000,
    "limits.connections_max": 30,
    "limits.connections_per_address_max": PER_ADDRESS,
}
JSON = {"Content-Type": "application/json"}

HOST = b"Host: localhost\r\n"
POST = b"POST /api/auth/login/ HTTP/1.1\r\n"
TYPE = b"Content-Type: application/json\r\n"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

# What the parts of a chain of proxies may read differently.
AMBIGUOUS = {
    "two different lengths": POST + HOST + TYPE
        + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "the same length twice": POST + HOST + TYPE
        + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": POST + HOST + TYPE
        + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": POST + HOST + TYPE
        + b"Content-Length: +2\r\n\r\n{}",
    "a hexadecimal length": POST + HOST + TYPE
        + b"Content-Length: 0x2\r\n\r\n{}",
    "an empty length": POST + HOST + TYPE + b"Content-Length: \r\n\r\n{}",
    "length and chunks": POST + HOST + TYPE
        + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"0\r\n\r\n",
    "chunks and length": POST + HOST + TYPE
        + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n"
        + b"0\r\n\r\n",
    "chunks twice": POST + HOST + TYPE
        + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"0\r\n\r\n",
    "gzipped chunks": POST + HOST + TYPE
        + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": POST + HOST + TYPE
        + b"Transfer-Encoding: identity\r\n\r\n{}",
    "two hosts": POST + HOST + b"Host: evil\r\n" + TYPE
        + b"Content-Length: 2\r\n\r\n{}",
    "no host": POST + TYPE + b"Content-Length: 2\r\n\r\n{}",
    "a space before the colon": POST + HOST + TYPE
        + b"Content-Length : 2\r\n\r\n{}",
    "a bad chunk size": POST + HOST + TYPE
        + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a huge chunk size": POST + HOST + TYPE
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "a chunk size with a sign": POST + HOST + TYPE
        + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": POST + HOST + TYPE
        + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n",
    "a length of words": POST + HOST + TYPE
        + b"Content-Length: two\r\n\r\n{}",
    "a length beyond all numbers": POST + HOST + TYPE
        + b"Content-Length: 18446744073709551618\r\n\r\n{}",
    "a folded line": POST + HOST + TYPE
        + b"X: one\r\n Content-Length: 2\r\n\r\n{}",
    "a line without a colon": POST + HOST + TYPE
        + b"Content-Length 2\r\n\r\n{}",
    "a bare LF": POST + HOST + TYPE + b"X: y\nContent-Length: 2\r\n\r\n{}",
    "a bare CR": POST + HOST + TYPE + b"X: y\rContent-Length: 2\r\n\r\n{}",
    "a NUL in a value": POST + HOST + TYPE
        + b"X: \0\r\nContent-Length: 2\r\n\r\n{}",
    "a control byte in the path": b"GET /health\x01z HTTP/1.1\r\n" + HOST
        + b"\r\n",
    "a version of the future": b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n",
    "a version in lower case": b"GET /healthz http/1.1\r\n" + HOST + b"\r\n",
    "no version": b"GET /healthz\r\n" + HOST + b"\r\n",
}


class RawCase(unittest.TestCase):
    """A gateway with the class's settings, and bytes to send to it."""

    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(gateway=cls.SETTINGS).start()
        cls.addClassCleanup(cls.deployment.close)

    def setUp(self):
        # The connections of the test before may still be being closed.
        self.wait_alive()

    @property
    def port(self):
        return self.deployment.http_port

    def is_alive(self):
        try:
            return self.deployment.get("/healthz").status == 200
        except (OSError, NoAnswer):
            return False

    def wait_alive(self):
        repeat_until(self.is_alive, "an answer from the gateway")

    def connect(self, source=None):
        connection = http_client.Connection(self.port, source=source)
        self.addCleanup(connection.close)
        return connection

    def outcome(self, data, request=UNREADABLE):
        """Sends bytes; returns the answer, or None if it just closed."""
        connection = self.connect()
        connection.expect(*request)
        try:
            connection.send(data)
            answer = connection.receive()
        except (NoAnswer, OSError):
            return None
        self.assertTrue(connection.is_closed(), "it stayed open")
        return answer

    def everything(self, data):
        """Sends bytes; returns the statuses of what came until the end."""
        connection = self.connect()
        statuses = []
        try:
            connection.send(data)
            while True:
                connection.expect(*UNREADABLE)
                statuses.append(connection.receive().status)
        except (NoAnswer, ConnectionError):
            return statuses


class FramingTest(RawCase):
    def test_no_framing_hides_a_second_request(self):
        for name, data in AMBIGUOUS.items():
            with self.subTest(name=name):
                self.assertIn(self.everything(data + SMUGGLED),
                              ([400], [413]))

    def test_what_cannot_be_read_is_answered_like_all_else(self):
        bad = dict(AMBIGUOUS)
        bad["a very long line"] = b"GET /" + b"x" * 100000
        bad["a very long header"] = (b"GET / HTTP/1.1\r\n" + HOST + b"X: "
                                     + b"y" * 100000)
        bad["very many headers"] = (b"GET / HTTP/1.1\r\n" + HOST
                                    + b"a: b\r\n" * 3000 + b"\r\n")
        bad["very many cookies"] = (b"GET / HTTP/1.1\r\n" + HOST
                                    + b"Cookie: " + b"a=b; " * 2500
                                    + b"\r\n\r\n")
        for name, data in bad.items():
            with self.subTest(name=name):
                answer = self.outcome(data)
                self.assertIn(answer.status, (400, 413, 414, 431))
                self.assertEqual({"detail"}, set(answer.json()))
                check_headers(self, answer)
        self.wait_alive()

    def test_a_refused_head_is_in_the_log_by_its_id(self):
        answer = self.outcome(AMBIGUOUS["a length of words"])
        self.deployment.gateway.wait_for_event(
            "request", request_id=answer.header("X-Request-Id"),
            status="400", condition="framing")


class LimitsTest(RawCase):
    SETTINGS = SETTINGS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Floods do not wait for what they are answered.
        held.ABANDONED[cls.deployment.http_port] = 11 * PER_ADDRESS

    def drip(self, connection, data):
        """Sends byte after byte until the other side has had enough."""
        connection.expect(*UNREADABLE)
        connection.sock.settimeout(0.05)
        end = time.monotonic() + http_client.PATIENCE_S
        sent = 0
        while True:
            self.assertLess(time.monotonic(), end, "nobody cuts it off")
            try:
                connection.send(data[sent % len(data):][:1])
                sent += 1
                if connection.sock.recv(1, socket.MSG_PEEK) == b"":
                    return None
                break
            except TimeoutError:
                continue
            except OSError:
                return None
        connection.sock.settimeout(http_client.PATIENCE_S)
        try:
            return connection.receive()
        except NoAnswer:
            return None

    def assert_timed_out(self, answer):
        if answer is not None:
            self.assertEqual(408, answer.status, answer)
        self.wait_alive()

    def test_a_head_that_drips_is_cut_off(self):
        connection = self.connect()
        connection.send(b"GET /healthz HTTP/1.1\r\nX: ")
        self.assert_timed_out(self.drip(connection, b"a"))

    def test_a_first_line_that_drips_is_cut_off(self):
        self.assert_timed_out(self.drip(self.connect(), b"G"))

    def test_a_body_that_drips_is_cut_off(self):
        connection = self.connect()
        connection.send(encode("POST", LOGIN, dict(
            JSON, **{"Content-Length": "60000"})))
        self.assert_timed_out(self.drip(connection, b" "))

    def test_chunks_that_drip_are_cut_off(self):
        connection = self.connect()
        connection.send(encode("POST", LOGIN, dict(
            JSON, **{"Transfer-Encoding": "chunked"})))
        self.assert_timed_out(self.drip(connection, b"1\r\n \r\n"))

    def test_a_silent_connection_is_closed(self):
        self.assertTrue(self.connect().is_closed())

    def test_an_idle_connection_is_closed_after_its_answer(self):
        connection = self.connect()
        connection.ask("GET", "/healthz")
        self.assertEqual(200, connection.receive().status)
        self.assertTrue(connection.is_closed())

    def test_a_body_that_announces_too_much_is_refused_unread(self):
        answer = self.outcome(encode("POST", LOGIN, dict(
            JSON, **{"Content-Length": str(BODY_MAX + 1)})), ("POST", LOGIN))
        self.assert_too_large(answer)

    def test_a_body_that_announces_absurdly_much_is_refused(self):
        for size in (2 ** 63, 2 ** 64, 2 ** 64 + 2, 10 ** 30):
            self.assert_refused(self.everything(encode("POST", LOGIN, dict(
                JSON, **{"Content-Length": str(size)}))))
        self.wait_alive()

    def test_chunks_beyond_the_limit_are_refused(self):
        connection = self.connect()
        try:
            connection.ask("POST", LOGIN, dict(
                JSON, **{"Transfer-Encoding": "chunked"}))
            for _ in range(BODY_MAX // 4096 + 2):
                connection.send(b"1000\r\n" + b" " * 4096 + b"\r\n")
        except OSError:
            pass  # refused before all was sent
        try:
            self.assert_too_large(connection.receive())
        except NoAnswer:
            pass  # a reset may overtake the answer
        self.wait_alive()

    def test_a_body_too_large_is_not_invited(self):
        connection = self.connect()
        connection.ask("POST", LOGIN, dict(JSON, **{
            "Expect": "100-continue",
            "Content-Length": str(BODY_MAX + 1)}))
        first = connection.sock.recv(12, socket.MSG_PEEK)
        self.assertNotIn(b" 100", first)
        self.assert_too_large(connection.receive())

    def assert_refused(self, statuses):
        """Closed without a word is a refusal too."""
        self.assertIn(statuses, ([], [400], [413]))

    def assert_too_large(self, answer):
        self.assertEqual(413, answer.status, answer)
        self.assertEqual('{"detail":"Request body too large."}',
                         answer.text())
        check_headers(self, answer)

    def test_a_body_of_the_limit_is_read(self):
        body = b'{"email":"' + b"x" * (BODY_MAX - 12) + b'"}'
        self.assertEqual(BODY_MAX, len(body))
        answer = http_client.request(self.port, "POST", LOGIN, JSON, body)
        self.assertEqual(400, answer.status)

    def test_an_address_too_long_is_refused(self):
        path = "/healthz?" + "x" * 4200
        answer = self.outcome(encode("GET", path), ("GET", path))
        self.assertEqual(414, answer.status)
        check_headers(self, answer)

    def test_an_address_of_the_limit_is_read(self):
        path = "/healthz?" + "x" * (4096 - 9)
        answer = http_client.request(self.port, "GET", path)
        self.assertEqual(200, answer.status)

    def test_a_head_too_long_is_refused(self):
        many = [("X-%d" % i, "y" * 1000) for i in range(17)]
        answer = self.outcome(encode("GET", "/healthz", many),
                              ("GET", "/healthz"))
        self.assertEqual(431, answer.status)
        check_headers(self, answer)

    def test_absurd_heads_end_the_connection_alone(self):
        for data in (b"GET " + b"/" * 100000,
                     b"GET / HTTP/1.1\r\nX: " + b"y" * 100000,
                     b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20000):
            answer = self.outcome(data)
            if answer is not None:
                self.assertIn(answer.status, (400, 408, 414, 431))
        self.wait_alive()

    def test_more_connections_than_an_address_may_have_are_refused(self):
        good, refused = self.flood(PER_ADDRESS * 3)
        self.assertLessEqual(good, PER_ADDRESS)
        self.assertGreaterEqual(good, PER_ADDRESS - 2)
        self.assertGreater(refused, 0)
        self.wait_alive()

    def test_a_flood_from_one_address_leaves_others_alone(self):
        held = self.hold(PER_ADDRESS)
        other = self.connect("127.0.0.2")
        other.ask("GET", "/healthz")
        self.assertEqual(200, other.receive().status)
        for connection in held:
            connection.close()
        self.wait_alive()

    def test_the_gateway_works_on_after_a_flood_from_many_addresses(self):
        held = []
        for last in range(2, 12):
            for _ in range(PER_ADDRESS):
                sock = socket.socket()
                sock.bind(("127.0.0.%d" % last, 0))
                sock.setblocking(False)
                try:
                    sock.connect(("127.0.0.1", self.port))
                except BlockingIOError:
                    pass
                held.append(sock)
        for sock in held:
            sock.close()
        self.wait_alive()

    def hold(self, count):
        """Opens connections that have begun a request; returns them."""
        held = []
        for _ in range(count):
            connection = self.connect()
            connection.expect("GET", "/healthz")
            try:
                connection.send(b"GET /healthz HTTP/1.1\r\n")
            except OSError:
                pass  # refused already
            held.append(connection)
        return held

    def flood(self, count):
        """Many connections at once; returns (answered, refused)."""
        held = self.hold(count)
        good = refused = 0
        for connection in held:
            try:
                connection.send(HOST + b"\r\n")
                answer = connection.receive()
            except (OSError, NoAnswer):
                refused += 1
                continue
            if answer.status == 200:
                good += 1
            else:
                self.assertIn(answer.status, (408, 503))
                refused += 1
        for connection in held:
            connection.close()
        return good, refused
