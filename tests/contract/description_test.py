"""That an answer which /openapi.json does not allow is noticed."""

import json
import unittest

from tests.contract.case import SHIPPED
from tests.support.description import Description, NotDescribed
from tests.support.deployment import Deployment
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
