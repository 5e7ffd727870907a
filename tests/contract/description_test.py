"""That an answer which /openapi.json does not allow is noticed."""

import json
import socket
import unittest

from tests.contract import held
from tests.contract.held import SHIPPED
from tests.support import http_client
from tests.support.canned_server import CannedServer
from tests.support.deployment import Deployment
from tests.support.description import Description, NotDescribed
from tests.support.http_client import Response

JSON = [("Content-Type", "application/json")]
LOGIN = "/api/auth/login/"
ASKING = [("WWW-Authenticate", 'Bearer realm="api"')]


def answer(status, value=None, headers=()):
    body = b"" if value is None else json.dumps(value).encode()
    return Response(status, list(headers or JSON), body)


REFUSAL = answer(401, {"detail": "No active account found with the given "
                                 "credentials"}, JSON + ASKING)


class DescriptionTest(unittest.TestCase):
    def refuses(self, method, path, response):
        with self.assertRaises(NotDescribed):
            SHIPPED.hold(method, path, response)

    def test_a_described_answer_is_allowed(self):
        SHIPPED.hold("POST", LOGIN, REFUSAL)
        SHIPPED.hold("POST", "/api/auth/login?x=1", REFUSAL)

    def test_a_status_that_is_not_described_is_not(self):
        self.refuses("POST", LOGIN, answer(418, {"detail": "x"}))

    def test_other_words_of_an_error_are_not(self):
        self.refuses("POST", LOGIN, answer(401, {"detail": "No."},
                                           JSON + ASKING))

    def test_an_answer_without_a_header_that_is_always_there_is_not(self):
        self.refuses("POST", LOGIN, answer(401, REFUSAL.json()))
        self.refuses("HEAD", "/openapi.json", answer(200))

    def test_a_member_too_many_or_too_few_is_not(self):
        self.refuses("GET", "/healthz", answer(200, {}))
        self.refuses("GET", "/healthz",
                     answer(200, {"status": "ok", "more": 1}))

    def test_a_body_of_another_type_is_not(self):
        self.refuses("GET", "/healthz", answer(
            200, {"status": "ok"}, [("Content-Type", "text/html")]))

    def test_a_body_where_none_is_described_is_not(self):
        self.refuses("POST", "/api/auth/logout/", answer(205, {}))
        self.refuses("GET", "/healthz", answer(200))

    def test_a_route_that_is_not_described_is_not(self):
        self.refuses("GET", "/api/auth/secret/", answer(200, {}))
        self.refuses("DELETE", LOGIN, answer(204))
        self.refuses("GET", "/nowhere/", answer(404, {"detail": "Lost."}))
        SHIPPED.hold("GET", "/nowhere/", answer(404, {"detail":
                                                      "Not found."}))


def raw(status, body, *headers):
    """The bytes of an answer as the gateway sends one."""
    lines = ["HTTP/1.1 %d Said" % status, "Content-Length: %d" % len(body),
             *headers]
    return "\r\n".join(lines + ["", body]).encode()


ID = "X-Request-Id: 0123456789abcdef"
TYPE = "Content-Type: application/json"
WELL = raw(200, '{"status":"ok"}', ID, TYPE)
ILL = raw(200, '{"state":"ok"}', ID, TYPE)
REFUSED = raw(400, '{"detail":"Bad request."}', ID, TYPE)


class ConnectionTest(unittest.TestCase):
    """What comes over a connection is held as well."""

    def connect(self, data):
        server = CannedServer(data)
        self.addCleanup(server.close)
        connection = http_client.Connection(server.port)
        self.addCleanup(connection.close)
        return connection

    def asked(self, data, method, path):
        connection = self.connect(data)
        connection.ask(method, path)
        return connection.receive()

    def unreadable(self, data):
        connection = self.connect(data)
        connection.send(b"\r\n")
        connection.expect(*http_client.UNREADABLE)
        return connection.receive()

    def test_an_answer_that_is_not_described_is_noticed(self):
        self.assertEqual(200, self.asked(WELL, "GET", "/healthz").status)
        for data, method, path in (
                (ILL, "GET", "/healthz"), (WELL, "GET", "/secret/"),
                (WELL, "PUT", "/healthz"), (WELL, "OPTIONS", "/healthz"),
                (raw(404, ""), "GET", "/secret/"),
                (raw(418, ""), "HEAD", "/healthz")):
            with self.subTest(method=method, path=path), \
                    self.assertRaises(NotDescribed):
                self.asked(data, method, path)

    def test_each_of_several_is_held_to_its_own_request(self):
        connection = self.connect(WELL + REFUSED + ILL)
        for path in ("/healthz", LOGIN, "/healthz"):
            connection.expect("GET", path)
        connection.send(b"\r\n")
        connection.receive()
        connection.receive()
        with self.assertRaises(NotDescribed):
            connection.receive()

    def test_what_is_no_request_may_only_be_refused(self):
        self.assertEqual(400, self.unreadable(REFUSED).status)
        for data in (WELL, raw(400, '{"detail":"Go away."}', ID, TYPE),
                     raw(400, "<html>", ID)):
            with self.subTest(data=data), self.assertRaises(NotDescribed):
                self.unreadable(data)

    def test_it_has_to_be_said_what_an_answer_is_to(self):
        connection = self.connect(WELL)
        connection.send(b"\r\n")
        with self.assertRaises(AssertionError):
            connection.receive()


class AccountTest(unittest.TestCase):
    """An answer that nobody held is found in the access log."""

    def end(self, method, path):
        """A deployment's end after one request behind everybody's back."""
        with Deployment() as one:
            one.create().start_gateway(wait_ready=False)
            with socket.create_connection(("127.0.0.1",
                                           one.http_port)) as sock:
                sock.sendall(http_client.encode(method, path))
                sock.recv(1)
            return one.http_port

    def test_one_that_was_not_held_fails_the_deployments_end(self):
        for method, path in (("GET", "/healthz"), ("OPTIONS", LOGIN),
                             ("GET", "/nope/"), ("HEAD", "/healthz")):
            with self.subTest(method=method, path=path), \
                    self.assertRaisesRegex(AssertionError, "not held"):
                self.end(method, path)

    def test_one_that_was_refused_in_a_thread_fails_it_too(self):
        described = Description(dict(SHIPPED.document, paths={}))
        with self.assertRaisesRegex(AssertionError, "not held"), \
                Deployment() as one:
            one.create().start_gateway(wait_ready=False)
            held.DESCRIBED[one.http_port] = described
            with self.assertRaises(NotDescribed):
                one.get("/healthz")


class ServedTest(unittest.TestCase):
    def test_the_gateway_serves_what_the_command_prints(self):
        with Deployment(gateway={
                "gateway.public_base": "https://auth.acme.org/"}) as one:
            one.create().start_gateway(wait_ready=False)
            served = one.get("/openapi.json")
            again = one.get("/openapi.json",
                            {"If-None-Match": served.header("ETag")})
        self.assertEqual(200, served.status)
        self.assertEqual("application/json", served.header("Content-Type"))
        self.assertEqual("no-cache", served.header("Cache-Control"))
        document = served.json()
        self.assertEqual([{"url": "https://auth.acme.org"}],
                         document["servers"])
        printed = Description.of_gateway("--public-base",
                                         "https://auth.acme.org")
        self.assertEqual(printed.document, document)
        self.assertEqual((304, b""), (again.status, again.body))

    def test_without_swagger_ui_the_page_says_where_it_comes_from(self):
        with Deployment() as one:
            one.create().start_gateway(wait_ready=False)
            page = one.get("/docs/")
            self.assertEqual(404, one.get("/docs/swagger-ui.css").status)
            self.assertEqual(200, one.get("/docs/docs.css").status)
        self.assertIn("swagger-ui-dist", page.text())
        self.assertEqual("text/html; charset=utf-8",
                         page.header("Content-Type"))
        self.assertEqual("DENY", page.header("X-Frame-Options"))
        policy = page.header("Content-Security-Policy").split("; ")
        self.assertEqual({"default-src 'none'", "script-src 'self'",
                          "style-src 'self'", "img-src 'self' data:",
                          "connect-src 'self'", "base-uri 'none'",
                          "form-action 'none'", "frame-ancestors 'none'"},
                         set(policy))


if __name__ == "__main__":
    unittest.main()
