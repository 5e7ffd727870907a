"""Every route with every condition that it declares, one case each.

The gateway says which routes it has and what each may meet; a route without
a row in route_rows.py, or a condition that nothing here provokes, fails. That
the condition was really met is read from the access log.
"""

import atexit
import os
import re
import shutil
import tempfile
import unittest

from tests.contract import declared, route_rows
from tests.contract.case import check_body, check_headers
from tests.contract.world import World
from tests.support import process
from tests.support.deployment import Deployment
from tests.support.fake_server import FakeServer

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = "application/json"
DAY_S = 86400


def token(text):
    return '{"detail":"%s","code":"token_not_valid"}' % text


def bearer(text):
    return ('{"detail":"Given token not valid for any token type",'
            '"code":"token_not_valid","messages":[{"token_class":'
            '"AccessToken","token_type":"access","message":"%s"}]}' % text)


def detail(text, code=None):
    more = ',"code":"%s"' % code if code else ""
    return '{"detail":"%s"%s}' % (text, more)


def dead_link(code):
    return detail("This link is not valid any more.", code)


GONE = detail("No active account found for the given token.")
TEXTS = {
    "TOKEN_INVALID": "Token is invalid",
    "TOKEN_EXPIRED": "Token is expired",
    "TOKEN_WRONG_TYPE": "Token has wrong type",
    "TOKEN_NO_TYPE": "Token has no type",
    "TOKEN_NO_ID": "Token has no id",
    "TOKEN_NO_EXPIRY": "Token has no 'exp' claim",
    "TOKEN_REVOKED": "Token is blacklisted",
}
# condition: (status, body)
ERRORS = {
    "not_found": (404, detail("Not found.")),
    "not_acceptable": (406, detail(
        "Could not satisfy the request Accept header.")),
    "media_type_unsupported": (415, detail(
        'Unsupported media type \\"text/plain\\" in request.')),
    "body_too_large": (413, detail("Request body too large.")),
    "json_malformed": (400, detail("JSON parse error - <ANY>")),
    "form_malformed": (400, detail("Form parse error - <ANY>")),
    "body_not_object": (400, '{"non_field_errors":["Invalid data. Expected a '
                             'dictionary, but got list."]}'),
    "body_null": (400, '{"non_field_errors":["No data provided"]}'),
    "credentials_missing": (401, detail(
        "Authentication credentials were not provided.")),
    "credentials_malformed": (401, detail(
        "Authorization header must contain two space-delimited values",
        "bad_authorization_header")),
    "permission_denied": (403, detail(
        "You do not have permission to perform this action.")),
    "invalid": (400, detail("Invalid request.")),
    "unavailable": (503, detail("Service unavailable.")),
    "internal": (500, detail("A server error occurred.")),
    "CREDENTIALS_INVALID": (401, detail(
        "No active account found with the given credentials")),
    "ID_TOKEN_INVALID": (401, detail("Google token is invalid.",
                                     "google_token_invalid")),
    "ID_TOKEN_NOT_LINKED": (403, detail(
        "There is an account with this e-mail address. Log in with its "
        "password.", "account_not_linked")),
    "EMAIL_NOT_VERIFIED": (401, detail("E-mail is not verified.",
                                       "email_not_verified")),
    "REGISTRATION_CLOSED": (403, detail("Registration is closed.")),
    "LINK_INVALID": (400, dead_link("link_invalid")),
    "LINK_EXPIRED": (400, dead_link("link_expired")),
    "LINK_USED": (400, dead_link("link_used")),
    "LAST_SUPERUSER": (403, detail("<ANY>")),
    "PAGE_INVALID": (404, detail("Invalid page.")),
    "THROTTLED": (429, detail("Request was throttled. Expected available in "
                              "<N> seconds.")),
    "TOKEN_NO_USER_ID": (401, token("Token is invalid")),
    "USER_GONE": (401, GONE),
    "USER_INACTIVE": (401, GONE),
    "caller.TOKEN_NO_USER_ID": (401, detail(
        "Token contained no recognizable user identification",
        "token_not_valid")),
    "caller.USER_GONE": (401, detail("User not found", "user_not_found")),
    "caller.USER_INACTIVE": (401, detail("User is inactive",
                                         "user_inactive")),
}
ERRORS.update((name, (401, token(text))) for name, text in TEXTS.items())
ERRORS.update(("caller." + name, (401, bearer(text)))
              for name, text in TEXTS.items())

# Document 002's own shape.
CAR_ERRORS = {
    "body_not_object": (400, '{"status":false,"message":{"non_field_errors":'
                             '["Invalid data. Expected a dictionary, but got '
                             'list."]}}'),
    "body_null": (400, '{"status":false,"message":{"non_field_errors":["No '
                       'data provided"]}}'),
    "CREDENTIALS_INVALID": (401, '{"status":false,"message":"Invalid '
                                 'credential."}'),
    "EMAIL_NOT_VERIFIED": (401, '{"status":false,"message":"E-mail is not '
                                'verified."}'),
    "REGISTRATION_CLOSED": (403, '{"status":false,"message":"Registration '
                                 'is closed."}'),
}

# What only an ill server says, or one that signed what ours never signs: a
# refresh token without these claims. (code, reason, subject)
FAKED = {
    "internal": (13, 0, 0),
    "TOKEN_NO_TYPE": (16, 64, 1),
    "TOKEN_NO_ID": (16, 65, 1),
    "TOKEN_NO_EXPIRY": (16, 66, 1),
}


class Worlds:
    """The deployments that the cases need, each made when first needed."""

    def __init__(self):
        self.made = {}

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self.made:
            self.made[name] = getattr(self, "_make_" + name)()
        return self.made[name]

    def close(self):
        for world in self.made.values():
            world.close()

    def _make_open(self):
        world = World(gateway={"gateway.swagger_ui_dir": self._swagger_ui()})
        world.must(200, "PATCH", "/api/auth/users/me/", {}, world.ada)
        world.pat = world.register()
        world.stan = world.staff()
        world.ended = route_rows.ended(world)
        world.gone = route_rows.gone(world)
        world.inactive = route_rows.inactive(world)
        return world

    @staticmethod
    def _swagger_ui():
        """A folder with the names of Swagger UI's files."""
        folder = tempfile.mkdtemp(dir="/tmp")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name in ("swagger-ui-bundle.js", "swagger-ui.css",
                     "favicon-32x32.png"):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(name.encode())
        return folder

    def _make_alone(self):
        """Trusts no issuer."""
        return World(server={"federation.google_audiences": ""})

    def _make_closed(self):
        return World(server={"registration.mode": "closed"})

    def _make_strict(self):
        """Nobody enters unverified, and nobody may try twice."""
        return World(server={
            "registration.mode": "verify",
            "throttles.login_account": "1/3600",
            "throttles.login_device": "1/3600",
            "throttles.login_address": "1/3600",
            "throttles.register_address": "1/3600",
            "throttles.old_password": "1/3600"})

    def _make_verify(self):
        return World(server={"registration.mode": "verify"})

    def _make_aged(self):
        """Eight days after everything in it was made."""
        world = World()
        world.old = world.register()
        world.old_verify_token = route_rows.verify_token(world, world.old)
        world.old_reset_parts = route_rows.reset_parts(world, world.old)
        world.deployment.age(8 * DAY_S)
        return world

    def _make_away(self):
        """A gateway whose server never starts."""
        deployment = Deployment().create()
        return deployment.start_gateway(wait_ready=False)

    def _make_ill(self):
        fake = FakeServer()
        deployment = Deployment(gateway={"server.url": "ipc://" + fake.path})
        deployment.create().start_gateway(wait_ready=False)
        deployment.fake = fake
        return deployment


WORLD_OF = {"REGISTRATION_CLOSED": "closed", "THROTTLED": "strict",
            "EMAIL_NOT_VERIFIED": "verify", "LINK_EXPIRED": "aged",
            "TOKEN_EXPIRED": "aged"}


def with_body(body, kind=JSON):
    def make(row, world):
        request = row.plain(world)
        request.json, request.body = None, body
        request.headers = {"Content-Type": kind}
        return request
    return make


def with_header(name, value):
    def make(row, world):
        request = row.plain(world)
        request.headers[name] = value
        return request
    return make


def form_malformed(row, world):
    """A form, or for routes that read no body a query, cut in an escape."""
    if row.method == "GET":
        request = row.plain(world)
        request.path = request.path.split("?")[0] + "?x=%f"
        return request
    return with_body(b"x", "multipart/form-data")(row, world)


def bad_fields(row, world):
    value, _ = row.bad
    request = row.plain(world)
    request.json, request.body = value, None
    if request.method == "GET":
        request.json = None
        request.path = row.path
    elif not value:
        request.json, request.body = None, b"{}"
        request.headers = {"Content-Type": JSON}
    return request


def without_bearer(row, world):
    request = row.plain(world)
    request.bearer = None
    return request


GENERIC = {
    "not_acceptable": with_header("Accept", "application/xml"),
    "media_type_unsupported": with_body(b"x", "text/plain"),
    "body_too_large": with_body(b" " * 300000),
    "json_malformed": with_body(b"{"),
    "form_malformed": form_malformed,
    "body_not_object": with_body(b"[1]"),
    "body_null": with_body(b"null"),
    "credentials_missing": without_bearer,
    "credentials_malformed": with_header("Authorization", "Bearer"),
}


def with_token(make):
    def provoke(row, world):
        request = row.plain(world)
        request.bearer = make(world)
        return request
    return provoke


GENERIC.update(("caller." + name, with_token(make))
               for name, make in route_rows.bearer_failures().items())


def provoker(row, condition):
    """Returns row, world -> Request, or None if nobody knows how."""
    if condition in row.own:
        return row.own[condition]
    if condition == "fields_invalid" and row.bad:
        return bad_fields
    return GENERIC.get(condition)


def expected(row, condition):
    """The status and body of a condition."""
    if condition == "fields_invalid":
        return 400, row.bad[1] if row.bad else "<OBJECT>"
    if row.is_car and condition in CAR_ERRORS:
        return CAR_ERRORS[condition]
    return ERRORS[condition]


class MatrixTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.worlds = Worlds()
        cls.addClassCleanup(cls.worlds.close)

    def world(self, condition, row):
        """Where a condition can be met."""
        name = WORLD_OF.get(condition, "open")
        if row.path == "/auth/google/" and condition == "not_found":
            name = "alone"
        if name == "aged" and "verify/" in row.path and "token" in row.path:
            name = "open"  # its tokens are forged
        return getattr(self.worlds, name)

    def sent_without_server(self, row, condition, variant):
        """The request and the deployment whose server is away or ill."""
        request = row.plain(self.worlds.open)
        self.prepare(request, variant)
        if condition == "unavailable":
            deployment = self.worlds.away
        else:
            deployment = self.worlds.ill
            code, reason, subject = FAKED[condition]
            deployment.fake.status = {"code": code, "reason": reason,
                                      "subject": subject}
            process.repeat_until(
                lambda: request.send(deployment.http_port).status != 503,
                "an answer of the fake server")
        return deployment, request.send(deployment.http_port)

    def prepare(self, request, variant):
        """Makes a request that of a browser, for the other variants."""
        if variant == "script":
            return
        request.headers["Accept"] = HTML["Accept"]
        if request.json is not None:
            names = request.json.items()
            request.body = "&".join("%s=%s" % pair for pair
                                    in names).replace(" ", "+").encode()
            request.json = None
            request.headers["Content-Type"] = (
                "application/x-www-form-urlencoded")

    def answer(self, row, condition, variant):
        """Provokes a condition; returns the answer and its log line."""
        make = provoker(row, condition)
        if condition == "unavailable" or (make is None
                                          and condition in FAKED):
            deployment, answer = self.sent_without_server(row, condition,
                                                          variant)
        else:
            self.assertIsNotNone(make, "nothing provokes " + condition)
            world = self.world(condition, row)
            request = make(row, world)
            self.prepare(request, variant)
            deployment, answer = world.deployment, request.send(world.port)
        return answer, logged(deployment, answer)

    def meet(self, row, condition, variant, status):
        """One case: the condition is met and answered as documented."""
        answer, line = self.answer(row, condition, variant)
        self.assertEqual(condition, line.get("condition"), (answer, line))
        self.assertEqual(row.path, line["route"])
        self.assertEqual(status, answer.status, answer)
        if is_page(row, variant, condition):
            check_page(self, answer)
            return
        want_status, body = expected(row, condition)
        self.assertEqual(want_status, answer.status)
        check_headers(self, answer)
        check_body(self, body, answer)
        if condition == "THROTTLED":
            self.assertIn(answer.header("Retry-After"), answer.text())

    def succeed(self, row, variant):
        world = self.worlds.open
        request = row.good(world)
        self.prepare(request, variant)
        answer = request.send(world.port)
        line = logged(world.deployment, answer)
        self.assertNotIn("condition", line, answer)
        self.assertEqual(row.path, line["route"])
        if is_page(row, variant, None):
            check_page(self, answer)
            return
        self.assertEqual(row.status, answer.status, answer)
        if row.expect is not None:
            check_headers(self, answer)
            check_body(self, row.expect, answer)
            if "<JWT>" in row.expect:
                self.assertEqual("no-store", answer.header("Cache-Control"))


def logged(deployment, answer):
    """The access log's line of an answer."""
    ident = answer.header("X-Request-Id")
    found = []

    def there(program):
        found[:] = [line for line in program.lines
                    if line and ident in line and "event=request " in line]
        return found
    deployment.gateway.wait_for(there, "request " + ident)
    return process.log_fields(found[0])


def is_page(row, variant, condition):
    """Whether the answer is HTML."""
    # A body that is too large is refused before anybody reads who sends it.
    if condition in ("not_acceptable", "body_too_large"):
        return False
    return variant != "script" or row.key == (
        "GET /api/auth/password-reset-confirm/{uid}/{token}/")


def check_page(test, answer):
    """HTML of its own, that loads nothing and is kept by nobody."""
    test.assertTrue((answer.header("Content-Type") or "")
                    .startswith("text/html"), answer)
    policy = answer.header("Content-Security-Policy") or ""
    for part in ("default-src 'none'", "frame-ancestors 'none'",
                 "base-uri 'none'"):
        test.assertIn(part, policy)
    test.assertEqual("no-store", answer.header("Cache-Control"))
    test.assertEqual("no-referrer", answer.header("Referrer-Policy"))
    test.assertEqual("nosniff", answer.header("X-Content-Type-Options"))
    test.assertNotIn("<script", answer.text())


def add_test(sentence, run):
    name = "test_" + re.sub(r"[^\w/{}.-]+", "_", sentence).strip("_")
    if hasattr(MatrixTest, name):
        raise ValueError("two cases are called %r" % sentence)
    setattr(MatrixTest, name, run)


def add_route(route):
    key = declared.key(route)
    row = route_rows.ROWS.get(key)
    if row is None:
        def fail(self):
            self.fail("nothing tests " + key)
        add_test(key + " is tested", fail)
        return
    for variant, may in declared.variants(route):
        if variant == "confirm" and row.method == "GET":
            continue  # the same page as "browser", by a setting
        told = "" if variant == "script" else " in a browser"
        add_test("%s succeeds%s" % (key, told), lambda self, v=variant:
                 self.succeed(row, v))
        for condition, status in may.items():
            add_test("%s meets %s%s" % (key, condition, told),
                     lambda self, c=condition, v=variant, s=status:
                     self.meet(row, c, v, s))


for declared_route in declared.routes():
    add_route(declared_route)


class CompletenessTest(unittest.TestCase):
    def test_every_row_is_a_route(self):
        there = {declared.key(route) for route in declared.routes()}
        self.assertEqual(set(), set(route_rows.ROWS) - there)

    def test_every_shipped_profile_is_declared(self):
        self.assertLessEqual(
            {"django-auth", "simplejwt", "nextauth", "car-management",
             "operations"}, {r["profile"] for r in declared.routes()})
