"""What every route does alike: bodies and their types, methods, Accept."""

import unittest

from tests.contract.case import Case, add_cases
from tests.support import http_client
from tests.support.deployment import EMAIL, PASSWORD, Deployment

LOGIN = "/api/auth/login/"
TOKEN = "/api/token/"
ME = "/api/auth/users/me/"
PAIR = '{"refresh":"<JWT>","access":"<JWT>"}'
FULL = '{"refresh":"<JWT>","access":"<JWT>","user":<USER>}'
EMPTY = ('{"username":["This field is required."],'
         '"password":["This field is required."]}')
GOOD = {"username": "ada", "password": PASSWORD}
JSON = {"Content-Type": "application/json"}


def body_case(name, body, status, expect, content_type="application/json",
              path=TOKEN, **more):
    headers = {} if content_type is None else {"Content-Type": content_type}
    return Case(name, "POST", path, status, expect, body=body,
                headers=headers, allow="POST, OPTIONS", **more)


def syntax_cases():
    """Bodies that are not JSON: words are free, place is told, no quote."""
    rows = {
        "single quotes": b"{'a':1}",
        "a trailing comma": b'{"a":1,}',
        "more after the end": b"{} x",
        "NaN": b'{"a":NaN}',
        "Infinity": b'{"a":-Infinity}',
        "bad UTF-8": b'{"a":"\xff"}',
        "an over-long UTF-8 slash": b'{"a":"\xc0\xaf"}',
        "a byte order mark": b"\xef\xbb\xbf{}",
        "a missing colon": b'{"a" 1}',
        "a missing comma": b'{"a":1 "b":2}',
        "a bare word": b"hello",
        "half an object": b'{"a":',
        "half a string": b'{"a":"b',
        "half an escape": b'{"a":"\\u00',
        "a raw newline in a string": b'{"a":"\n"}',
        "a raw NUL": b'{"a":"\0"}',
        "a leading zero": b'{"a":01}',
        "a lone minus": b'{"a":-}',
        "a comment": b'{"a":1}//x',
        "33 levels": b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
        "a thousand levels": b"[" * 1000,
    }
    for what, body in rows.items():
        yield body_case("JSON with %s is refused" % what, body, 400,
                        '{"detail":"JSON parse error - <ANY>"}')


def object_cases():
    wrong = ('{"non_field_errors":["Invalid data. Expected a dictionary, '
             'but got %s."]}')
    for body, kind in ((b"[1]", "list"), (b'"x"', "str"), (b"12", "int"),
                       (b"-0.5e1", "float"), (b"true", "bool")):
        yield body_case("a body that is a %s is no object" % kind, body, 400,
                        wrong % kind)
    yield body_case("a body that is null has no data", b"null", 400,
                    '{"non_field_errors":["No data provided"]}')
    yield body_case("an empty body counts as an empty object", b"", 400,
                    EMPTY)
    yield body_case("no body and no type count as an empty object", None, 400,
                    EMPTY, None)
    yield body_case("32 levels are accepted", b'{"username":"ada","password":"'
                    + PASSWORD.encode() + b'","deep":' + b"[" * 31
                    + b"]" * 31 + b"}", 200, PAIR)
    yield body_case("a JSON syntax error keeps the DRF shape for cars", b"{",
                    400, '{"detail":"JSON parse error - <ANY>"}',
                    path="/login/")


def multipart(*fields, boundary="B"):
    parts = ["--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s"
             "\r\n" % (boundary, name, value) for name, value in fields]
    return ("".join(parts) + "--%s--\r\n" % boundary).encode()


def type_cases():
    form = b"username=ada&password=correct+horse%209+battery"
    urlencoded = "application/x-www-form-urlencoded"
    yield body_case("a form is accepted like JSON", form, 200, PAIR,
                    urlencoded)
    yield body_case("a form with a charset is accepted", form, 200, PAIR,
                    urlencoded + "; charset=UTF-8")
    yield body_case("an empty form misses its fields", b"", 400, EMPTY,
                    urlencoded)
    yield body_case("a form's NUL is refused",
                    b"username=a%00b&password=x", 400,
                    '{"username":["Null characters are not allowed."]}',
                    urlencoded)
    yield body_case("a multipart form is accepted like JSON",
                    multipart(("username", "ada"), ("password", PASSWORD)),
                    200, PAIR, "multipart/form-data; boundary=B")
    yield body_case("a multipart boundary may be quoted",
                    multipart(("username", "ada"), ("password", PASSWORD),
                              boundary="a b"),
                    200, PAIR, 'multipart/form-data; boundary="a b"')
    yield body_case("a multipart form that is cut is refused",
                    multipart(("username", "ada"))[:-8], 400, "<OBJECT>",
                    "multipart/form-data; boundary=B")
    yield body_case("a multipart form without boundary is refused",
                    multipart(("username", "ada")), 400, "<OBJECT>",
                    "multipart/form-data")
    yield body_case("JSON with a charset is accepted", b"{}", 400, EMPTY,
                    "application/json; charset=utf-8")
    yield body_case("the type's case does not matter", b"{}", 400, EMPTY,
                    "Application/JSON")
    for kind in ("text/plain", "application/xml", "application/vnd.api+json",
                 "application/jsonx"):
        yield body_case("%s is not accepted" % kind, b"{}", 415,
                        '{"detail":"Unsupported media type \\"%s\\" in '
                        'request."}' % kind, kind)


def accept_cases():
    def case(accept, status, expect):
        return Case("Accept %s" % accept, "POST", TOKEN, status, expect,
                    json={}, headers={"Accept": accept},
                    allow="POST, OPTIONS")
    for accept in ("*/*", "application/*", "application/json",
                   "application/json; indent=4", "text/html, */*;q=0.1",
                   "application/json;q=0.5, text/plain"):
        yield case(accept, 400, EMPTY)
    for accept in ("application/xml", "text/html", "image/*"):
        yield case(accept, 406, '{"detail":"Could not satisfy the request '
                                'Accept header."}')


def method_cases():
    def refused(method, path, allow, **more):
        return Case("%s on %s is not allowed" % (method, path), method, path,
                    405, "" if method == "HEAD" else
                    '{"detail":"Method \\"%s\\" not allowed."}' % method,
                    allow=allow, **more)
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "FOO"):
        yield refused(method, LOGIN, "POST, OPTIONS")
    for method in ("POST", "DELETE", "FOO"):
        yield refused(method, "/.well-known/jwks.json", "GET, HEAD, OPTIONS")
        yield refused(method, "/healthz", "GET, HEAD, OPTIONS")
    yield refused("DELETE", ME, "GET, PUT, PATCH, HEAD, OPTIONS", token=True)
    for path in (LOGIN, "/login/", "/api/auth/logout/"):
        yield Case("OPTIONS on %s is empty" % path, "OPTIONS", path, 200,
                   allow="POST, OPTIONS")
    yield Case("HEAD on healthz is empty", "HEAD", "/healthz", 200)
    yield Case("HEAD on the keys is empty", "HEAD", "/.well-known/jwks.json",
               200)
    yield Case("HEAD on an unknown path is empty", "HEAD", "/nope/", 404)


class MannersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment().start()
        cls.addClassCleanup(cls.deployment.close)
        cls.access = cls.deployment.login()["access"]

    def test_a_parse_error_tells_line_and_column(self):
        answer = http_client.request(
            self.deployment.http_port, "POST", TOKEN, JSON,
            b'{"a":1,\n"secret":tru}')
        self.assertRegex(answer.json()["detail"], r"line 2 column \d+")
        self.assertNotIn("secret", answer.text())

    def test_every_answer_has_an_id_of_its_own(self):
        ids = {self.deployment.get("/healthz").header("X-Request-Id")
               for _ in range(20)}
        self.assertEqual(20, len(ids))

    def test_an_answer_is_found_in_both_logs_by_its_id(self):
        answer = self.deployment.post(LOGIN, {"email": EMAIL,
                                              "password": "wrong"})
        ident = answer.header("X-Request-Id")
        self.deployment.gateway.wait_for_event("request", request_id=ident,
                                               status="401")
        self.deployment.server.wait_for_event("call", request_id=ident)

    def test_no_log_holds_a_password_a_token_or_a_query(self):
        pair = self.deployment.login()
        self.deployment.get(ME + "?token=topsecret",
                            {"Authorization": "Bearer " + pair["access"]})
        self.deployment.post("/api/token/refresh/",
                             {"refresh": pair["refresh"] + "x"})
        answer = self.deployment.get("/healthz")
        self.deployment.gateway.wait_for_event(
            "request", request_id=answer.header("X-Request-Id"))
        for program in (self.deployment.gateway, self.deployment.server):
            log = program.log()
            for secret in (PASSWORD, "topsecret", pair["access"],
                           pair["refresh"],
                           pair["access"].rsplit(".", 1)[1]):
                self.assertNotIn(secret, log)

    def test_a_connection_carries_many_requests(self):
        with http_client.Connection(self.deployment.http_port) as connection:
            for _ in range(5):
                connection.ask("GET", "/healthz")
                self.assertEqual(200, connection.receive().status)

    def test_pipelined_requests_are_answered_in_order(self):
        requests = b""
        with http_client.Connection(self.deployment.http_port) as connection:
            for request in (("GET", "/healthz"), ("GET", "/nope/"),
                            ("POST", TOKEN, JSON, b"{}")):
                connection.expect(*request[:2])
                requests += http_client.encode(*request)
            connection.send(requests)
            self.assertEqual([200, 404, 400], [
                connection.receive().status for _ in range(3)])

    def test_a_chunked_body_is_a_body(self):
        body = b'{"username":"ada","password":"%s"}' % PASSWORD.encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                          for part in (body[:7], body[7:30], body[30:]))
        with http_client.Connection(self.deployment.http_port) as connection:
            connection.ask("POST", TOKEN, dict(
                JSON, **{"Transfer-Encoding": "chunked"}),
                chunks + b"0\r\n\r\n")
            self.assertEqual(200, connection.receive().status)

    def test_expect_100_is_answered_before_the_body(self):
        body = b'{"username":"ada","password":"%s"}' % PASSWORD.encode()
        head = dict(JSON, **{"Expect": "100-continue",
                             "Content-Length": len(body)})
        with http_client.Connection(self.deployment.http_port) as connection:
            connection.ask("POST", TOKEN, head)
            self.assertEqual(100, connection.receive_interim())
            connection.send(body)
            self.assertEqual(200, connection.receive().status)

    def test_http_1_0_is_answered_and_closed(self):
        with http_client.Connection(self.deployment.http_port) as connection:
            connection.expect("GET", "/healthz")
            connection.send(b"GET /healthz HTTP/1.0\r\n\r\n")
            self.assertEqual(200, connection.receive().status)
            self.assertTrue(connection.is_closed())


for rows in (syntax_cases, object_cases, type_cases, accept_cases,
             method_cases):
    add_cases(MannersTest, rows())
add_cases(MannersTest, [
    Case("a full login has the user in the documented order", "POST", LOGIN,
         200, FULL, json={"email": EMAIL, "password": PASSWORD})])
