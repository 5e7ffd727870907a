"""Cookie mode (docs/cookies.md), and the attacks that it has to withstand."""

import json
import os
import shutil
import unittest
from email.utils import parsedate_to_datetime

from tests.contract import held
from tests.https.tls import TlsDeployment
from tests.support import http_client, process, programs
from tests.support.deployment import EMAIL, PASSWORD
from tests.support.description import Description

NAME = "__Secure-latchkey-refresh"
LOGIN = "/api/auth/cookie/login/"
REFRESH = "/api/auth/cookie/refresh/"
LOGOUT = "/api/auth/cookie/logout/"
ORIGIN = "https://app.test"
GOOD = {"Origin": ORIGIN, "Content-Type": "application/json"}
ALLOW = "Access-Control-Allow-Credentials"


def attributes(answer):
    """The value of our cookie and its attributes in lower case."""
    first, *rest = answer.header("Set-Cookie").split("; ")
    name, value = first.split("=", 1)
    if name != NAME:
        raise AssertionError(first)
    return value, {part.partition("=")[0].lower(): part.partition("=")[2]
                   for part in rest}


class CookieCase(unittest.TestCase):
    SERVER = {}

    @classmethod
    def setUpClass(cls):
        cls.deployment = TlsDeployment(
            server=cls.SERVER, gateway={"cors.origins": [ORIGIN]})
        cls.addClassCleanup(cls.deployment.close)
        profiles = os.path.join(cls.deployment.folder, "profiles")
        os.mkdir(profiles)
        shutil.copy(os.environ["COOKIE_PROFILE"], profiles)
        cls.deployment.gateway_settings["gateway.profile_dir"] = profiles
        cls.deployment.start()
        described = Description.of_gateway("--profile-dir", profiles)
        for number in (cls.deployment.http_port, cls.deployment.tls_port):
            held.DESCRIBED[number] = described

    def post(self, path, value=None, cookie=None, headers=None, ask=None):
        headers = dict(GOOD if headers is None else headers)
        if cookie is not None:
            headers["Cookie"] = "theme=dark; %s=%s" % (NAME, cookie)
        body = None if value is None else json.dumps(value).encode()
        return (ask or self.deployment.ask)("POST", path, headers, body)

    def over_http(self, *args):
        return http_client.request(self.deployment.http_port, *args)

    def login(self):
        """Logs in; the cookie's value and the answer."""
        answer = self.post(LOGIN, {"email": EMAIL, "password": PASSWORD})
        self.assertEqual(200, answer.status, answer)
        return attributes(answer)[0], answer

    def assert_refused(self, status, answer):
        self.assertEqual(status, answer.status, answer)
        self.assertIsNone(answer.header("Set-Cookie"))
        self.assertNotIn("access", answer.json())


class CookieTest(CookieCase):
    def test_a_login_puts_the_refresh_token_into_the_cookie_alone(self):
        value, answer = self.login()
        self.assertEqual(3, len(value.split(".")))
        self.assertEqual({"access", "user"}, set(answer.json()))
        self.assertNotIn(value, answer.text())
        self.assertEqual("no-store", answer.header("Cache-Control"))

    def test_the_cookie_has_the_attributes_that_it_needs(self):
        _, found = attributes(self.login()[1])
        expires = parsedate_to_datetime(found.pop("expires"))
        self.assertGreater(expires.timestamp(), 1e9)
        self.assertEqual({"httponly": "", "secure": "", "samesite": "Lax",
                          "path": "/api/auth/"}, found)

    def test_a_refresh_works_with_the_cookie_and_an_empty_body(self):
        cookie, _ = self.login()
        for value in (None, {}):
            answer = self.post(REFRESH, value, cookie)
            self.assertEqual(200, answer.status, answer)
            self.assertEqual({"access"}, set(answer.json()))

    def test_a_token_in_the_body_beats_the_cookie(self):
        cookie, _ = self.login()
        self.assertEqual(200, self.post(REFRESH, {"refresh": cookie},
                                        "garbage").status)
        for refresh in ("garbage", "", None):
            answer = self.post(REFRESH, {"refresh": refresh}, cookie)
            self.assertIn(answer.status, (400, 401))
            self.assertIsNone(answer.header("Set-Cookie"))

    def test_a_logout_ends_the_session_and_clears_the_cookie(self):
        cookie, _ = self.login()
        answer = self.post(LOGOUT, None, cookie)
        self.assertEqual(205, answer.status)
        value, found = attributes(answer)
        self.assertEqual("", value)
        self.assertEqual("/api/auth/", found["path"])
        self.assertLess(parsedate_to_datetime(found["expires"]).year, 1971)
        self.assertEqual(401, self.post(REFRESH, None, cookie).status)

    def test_a_cookie_that_is_refused_is_cleared(self):
        cookie, _ = self.login()
        self.post(LOGOUT, None, cookie)
        answer = self.post(REFRESH, None, cookie)
        self.assertEqual(401, answer.status)
        self.assertEqual("", attributes(answer)[0])

    def test_without_a_cookie_the_field_is_missing(self):
        self.assert_refused(400, self.post(REFRESH))

    def test_cors_allows_credentials_here_and_nowhere_else(self):
        ask = self.deployment.ask
        preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        for path in (LOGIN, REFRESH, LOGOUT):
            answer = ask("OPTIONS", path, preflight)
            self.assertEqual("true", answer.header(ALLOW))
            self.assertEqual(ORIGIN,
                             answer.header("Access-Control-Allow-Origin"))
        self.assertEqual("true", self.login()[1].header(ALLOW))
        for path in ("/api/auth/login/", "/api/auth/token/refresh/",
                     "/api/auth/users/me/", "/healthz"):
            self.assertIsNone(ask("OPTIONS", path, preflight).header(ALLOW))
        evil = dict(preflight, Origin="https://evil.test")
        for name in (ALLOW, "Access-Control-Allow-Origin"):
            self.assertIsNone(ask("OPTIONS", REFRESH, evil).header(name))

    def test_the_cookie_reaches_no_log(self):
        cookie, _ = self.login()
        self.post(REFRESH, None, cookie)
        self.post(REFRESH, None, cookie, {"Origin": "https://evil.test"})
        self.post(LOGOUT, None, cookie)
        for part in cookie.split(".")[1:]:
            self.assertNotIn(part, self.deployment.gateway.log())
            self.assertNotIn(part, self.deployment.server.log())

    def test_allow_all_is_refused_with_it(self):
        env = self.deployment.gateway_environment()
        env.update(LATCHKEY_CORS_ALLOW_ALL="true", LATCHKEY_CORS_ORIGINS="")
        status, out, err = process.run(
            [programs.gateway(), "serve", "--home", self.deployment.home,
             "--check-config"], env=env)
        self.assertNotEqual(0, status)
        self.assertIn("list the origins", out + err)


class AttackTest(CookieCase):
    """What a page of another origin, or somebody on the way, may try."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        answer = cls.deployment.ask("POST", LOGIN, GOOD, json.dumps(
            {"email": EMAIL, "password": PASSWORD}).encode())
        cls.cookie = attributes(answer)[0]

    def tearDown(self):
        """The session has withstood it."""
        self.assertEqual(200, self.post(REFRESH, None, self.cookie).status)

    def both(self, headers, status, ask=None):
        for path in (REFRESH, LOGOUT):
            with self.subTest(path=path, headers=headers):
                self.assert_refused(status, self.post(
                    path, None, self.cookie, headers, ask))

    def test_a_form_of_another_page_is_refused(self):
        """CSRF: a form needs no leave of CORS, but cannot send JSON."""
        for kind in ("application/x-www-form-urlencoded",
                     "multipart/form-data; boundary=x", "text/plain"):
            for origin in ({}, {"Origin": ORIGIN},
                           {"Origin": "https://evil.test"},
                           {"Origin": "null"}):
                self.both({"Content-Type": kind, **origin}, 415)

    def test_a_form_whose_text_is_json_is_refused(self):
        answer = self.deployment.ask(
            "POST", REFRESH,
            {"Content-Type": "text/plain", "Origin": ORIGIN,
             "Cookie": "%s=%s" % (NAME, self.cookie)}, b'{"a":"="}')
        self.assert_refused(415, answer)

    def test_a_request_without_a_content_type_is_refused(self):
        self.both({"Origin": ORIGIN}, 415)

    def test_another_origin_is_refused(self):
        for origin in ("https://evil.test", "http://app.test", "null",
                       "https://app.test.evil.test", "https://app.test:8443",
                       "https://app.test/", "HTTPS://APP.TEST"):
            self.both({**GOOD, "Origin": origin}, 403)

    def test_no_origin_is_refused(self):
        self.both({"Content-Type": "application/json"}, 403)

    def test_plain_http_is_refused(self):
        self.both(GOOD, 403, self.over_http)
        self.assert_refused(403, self.post(
            LOGIN, {"email": EMAIL, "password": PASSWORD},
            ask=self.over_http))

    def test_to_claim_https_makes_no_difference(self):
        self.both({**GOOD, "X-Forwarded-Proto": "https",
                   "Forwarded": "proto=https"}, 403, self.over_http)

    def test_another_page_cannot_log_somebody_in_as_itself(self):
        """Login CSRF: a victim who works in the attacker's account."""
        credentials = {"email": EMAIL, "password": PASSWORD}
        for headers, status in (
                ({**GOOD, "Origin": "https://evil.test"}, 403),
                ({"Content-Type": "application/json"}, 403),
                ({"Content-Type": "text/plain", "Origin": ORIGIN}, 415)):
            self.assert_refused(status, self.post(LOGIN, credentials,
                                                  headers=headers))
        self.assert_refused(415, self.deployment.ask(
            "POST", LOGIN,
            {"Content-Type": "application/x-www-form-urlencoded",
             "Origin": ORIGIN},
            b"email=%s&password=x" % EMAIL.encode()))

    def test_another_page_cannot_clear_the_cookie(self):
        """With a token of its own in the body it ends its own session only."""
        own = attributes(self.login()[1])[0]
        answer = self.post(LOGOUT, {"refresh": own}, self.cookie,
                           {**GOOD, "Origin": "https://evil.test"})
        self.assertEqual(205, answer.status)
        self.assertIsNone(answer.header("Set-Cookie"))

    def test_two_cookies_of_the_name_are_refused(self):
        """A page of a sibling domain can add one, never read ours."""
        for first, second in ((self.cookie, "x"), ("x", self.cookie)):
            answer = self.deployment.ask("POST", REFRESH, {
                **GOOD, "Cookie": "%s=%s; %s=%s" % (NAME, first, NAME,
                                                    second)})
            self.assert_refused(403, answer)

    def test_the_cookie_is_worth_nothing_on_other_paths(self):
        cookie = {**GOOD, "Cookie": "%s=%s" % (NAME, self.cookie)}
        ask = self.deployment.ask
        self.assertEqual(401, ask("GET", "/api/auth/users/me/",
                                  cookie).status)
        for path in ("/api/auth/token/refresh/", "/api/token/refresh/",
                     "/api/auth/logout/"):
            answer = ask("POST", path, cookie, b"{}")
            self.assertEqual(400, answer.status, answer)
            self.assertIsNone(answer.header("Set-Cookie"))

    def test_the_cookie_is_no_bearer_token(self):
        answer = self.deployment.ask("GET", "/api/auth/users/me/", {
            "Authorization": "Bearer " + self.cookie})
        self.assertEqual(401, answer.status)

    def test_get_and_head_change_nothing(self):
        for method in ("GET", "HEAD"):
            answer = self.deployment.ask(method, LOGOUT, {
                **GOOD, "Cookie": "%s=%s" % (NAME, self.cookie)})
            self.assertEqual(405, answer.status)


class RotationTest(CookieCase):
    SERVER = {"sessions.rotate": True}

    def test_with_rotation_each_refresh_sets_the_next_cookie(self):
        first, _ = self.login()
        answer = self.post(REFRESH, None, first)
        second, found = attributes(answer)
        self.assertEqual({"access"}, set(answer.json()))
        self.assertEqual("/api/auth/", found["path"])
        self.assertTrue(second)
        self.assertEqual(200, self.post(REFRESH, None, second).status)
