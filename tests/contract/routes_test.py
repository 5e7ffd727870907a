"""Every route of the contract answers its documented success and failures."""

import unittest

from tests.contract.case import Case, add_cases, check_body, check_headers
from tests.support import jwt, p256
from tests.support.deployment import EMAIL, PASSWORD, Deployment

BAD_LOGIN = '{"detail":"No active account found with the given credentials"}'
POST_ONLY = "POST, OPTIONS"
GET_ONLY = "GET, HEAD, OPTIONS"
ME_METHODS = "GET, PUT, PATCH, HEAD, OPTIONS"

REFRESH_PATHS = ("/api/auth/token/refresh/", "/api/auth/login/refresh/",
                 "/api/token/refresh/", "/token/refresh/",
                 "/refresh-token/", "/account/refresh-token/")
VERIFY_PATHS = ("/api/auth/token/verify/", "/api/token/verify/")
ME_PATHS = ("/api/auth/users/me/", "/api/auth/profile/")


def drf(fields):
    """The DRF shape of field errors."""
    return "{%s}" % ",".join('"%s":["%s"]' % item for item in fields)


def car(fields):
    """Document 002's shape of field errors."""
    return '{"status":false,"message":%s}' % drf(fields)


class LoginRoute:
    """A route that takes credentials, and how it words things."""

    def __init__(self, path, identifier, success, shape, wrong):
        self.path = path
        self.identifier = identifier
        self.success = success
        self.shape = shape
        self.wrong = wrong

    def case(self, sentence, status, expect, **request):
        return Case("%s %s" % (self.path, sentence), "POST", self.path,
                    status, expect, allow=POST_ONLY, **request)

    def good(self, sentence, value):
        return self.case(sentence, 200, self.success, json=value)

    def bad(self, sentence, value, *fields):
        return self.case(sentence, 400, self.shape(fields), json=value)

    def refused(self, sentence, value):
        return self.case(sentence, 401, self.wrong, json=value)


PAIR = '{"refresh":"<JWT>","access":"<JWT>"}'
CAR_LOGIN = ('{"status":true,"message":"User logged in successfully.",'
             '"name":"Ada Lovelace","username":"ada","email":"%s",'
             '"access_token":"<JWT>","refresh_token":"<JWT>"}' % EMAIL)
CAR_WRONG = '{"status":false,"message":"Invalid credential."}'

LOGINS = (
    LoginRoute("/api/auth/login/", "email",
               '{"refresh":"<JWT>","access":"<JWT>","user":<USER>}', drf,
               BAD_LOGIN),
    LoginRoute("/api/token/", "username", PAIR, drf, BAD_LOGIN),
    LoginRoute("/login/", "username_or_email", CAR_LOGIN, car, CAR_WRONG),
    LoginRoute("/account/login/", "username_or_email", CAR_LOGIN, car,
               CAR_WRONG),
)

REQUIRED = "This field is required."
BLANK = "This field may not be blank."
NULL = "This field may not be null."
NO_STRING = "Not a valid string."


def login_cases(route):
    name = route.identifier
    good = {name: EMAIL, "password": PASSWORD}
    yield route.good("takes an e-mail", good)
    yield route.good("takes a username", {name: "ada", "password": PASSWORD})
    yield route.good("takes an e-mail in other case",
                     {name: "ADA@Example.COM", "password": PASSWORD})
    yield route.good("takes a username in other case",
                     {name: "ADA", "password": PASSWORD})
    yield route.good("ignores space around both",
                     {name: "  ada\t", "password": " %s\n" % PASSWORD})
    yield route.good("ignores members it does not know",
                     dict(good, remember=True, nested={"a": [1]}))
    yield route.refused("refuses a wrong password",
                        {name: EMAIL, "password": "x"})
    yield route.refused("refuses a password in other case",
                        {name: EMAIL, "password": PASSWORD.upper()})
    yield route.refused("refuses an unknown user",
                        {name: "nobody", "password": PASSWORD})
    yield route.refused("takes numbers as their text",
                        {name: 123, "password": 1.5})
    yield route.bad("misses both", {}, (name, REQUIRED),
                    ("password", REQUIRED))
    yield route.bad("misses the password", {name: EMAIL},
                    ("password", REQUIRED))
    yield route.bad("misses the identifier", {"password": "x"},
                    (name, REQUIRED))
    yield route.bad("refuses blanks", {name: "", "password": " \t "},
                    (name, BLANK), ("password", BLANK))
    yield route.bad("refuses nulls", {name: None, "password": None},
                    (name, NULL), ("password", NULL))
    yield route.bad("refuses a list and an object",
                    {name: ["a"], "password": {}},
                    (name, NO_STRING), ("password", NO_STRING))
    yield route.bad("refuses booleans", {name: True, "password": False},
                    (name, NO_STRING), ("password", NO_STRING))
    yield route.case("refuses NUL characters", 400,
                     route.shape([(name, "Null characters are not allowed.")]),
                     json={name: "a\0b", "password": "x"})
    yield route.case("refuses surrogates", 400, route.shape([
        (name, "Surrogate characters are not allowed: U+D800.")]),
        body=b'{"%s":"a\\ud800","password":"x"}' % name.encode(),
        headers={"Content-Type": "application/json"})
    yield route.refused("refuses an over-long identifier",
                        {name: "x" * 5000, "password": "x"})
    yield route.refused("refuses an over-long password",
                        {name: "ada", "password": PASSWORD * 100})
    yield route.case("lets the last of two members win", 200, route.success,
                     body=b'{"%s":"nobody","%s":"ada","password":"%s"}' % (
                         name.encode(), name.encode(), PASSWORD.encode()),
                     headers={"Content-Type": "application/json"})
    yield route.case("ignores a junk Authorization header", 200,
                     route.success, json=good,
                     headers={"Authorization": "Bearer junk"})


def identifier_cases():
    """Each login takes the identifier under any of its names."""
    for route in LOGINS[:2]:
        for name in ("email", "username", "username_or_email"):
            if name != route.identifier:
                yield route.good("takes the identifier as " + name,
                                 {name: "ada", "password": PASSWORD})


def token_error(text):
    return '{"detail":"%s","code":"token_not_valid"}' % text


def token_field_cases(path, name):
    """A route that takes a token in its body, without a good one.

    Document 002's refresh errors have the DRF shape too.
    """
    def case(sentence, status, expect, value):
        return Case("%s %s" % (path, sentence), "POST", path, status, expect,
                    json=value, allow=POST_ONLY)
    yield case("misses its token", 400, drf([(name, REQUIRED)]), {})
    yield case("refuses a null token", 400, drf([(name, NULL)]),
               {name: None})
    yield case("refuses a blank token", 400, drf([(name, BLANK)]),
               {name: " "})
    yield case("refuses a list for a token", 400, drf([(name, NO_STRING)]),
               {name: []})
    invalid = token_error("Token is invalid")
    junk = {
        "junk": "junk",
        "three empty segments": "..",
        "an over-long token": "a" * 5000,
        "an unsigned token": jwt.unsigned(
            {"alg": "none", "typ": "JWT"},
            {"token_type": "refresh", "exp": 2 ** 33, "user_id": "1"}),
        "a token of an unknown key": jwt.hs256(
            {"alg": "HS256", "typ": "JWT"},
            {"token_type": "refresh", "exp": 2 ** 33, "iat": 1,
             "jti": "a" * 32, "user_id": "1"}, b"k" * 32),
    }
    for what, token in junk.items():
        yield case("refuses " + what, 401, invalid, {name: token})


def bearer_cases(path):
    missing = '{"detail":"Authentication credentials were not provided."}'
    parts = ('{"detail":"Authorization header must contain two '
             'space-delimited values","code":"bad_authorization_header"}')

    def case(sentence, expect, value):
        headers = {} if value is None else {"Authorization": value}
        return Case("%s %s" % (path, sentence), "GET", path, 401, expect,
                    headers=headers, allow=ME_METHODS)
    yield case("without a header is refused", missing, None)
    yield case("with an empty header is refused", missing, "")
    yield case("with another scheme is refused", missing, "Basic YTpi")
    yield case("with bearer in lower case is refused", missing, "bearer a.b.c")
    yield case("with a scheme alone is refused", parts, "Bearer")
    yield case("with three parts is refused", parts, "Bearer a b")
    yield case("with a junk token is refused", bad_bearer("Token is invalid"),
               "Bearer junk")
    yield Case("%s answers the user" % path, "GET", path, 200, "<USER>",
               token=True, allow=ME_METHODS)
    yield Case("%s answers HEAD without a body" % path, "HEAD", path, 200,
               token=True, allow=ME_METHODS)
    yield Case("%s refuses POST to a user" % path, "POST", path, 405,
               '{"detail":"Method \\"POST\\" not allowed."}', json={},
               token=True, allow=ME_METHODS)
    yield Case("%s refuses POST to nobody with 401" % path, "POST", path, 401,
               missing, json={}, allow=ME_METHODS)


def bad_bearer(text):
    return ('{"detail":"Given token not valid for any token type",'
            '"code":"token_not_valid","messages":[{"token_class":'
            '"AccessToken","token_type":"access","message":"%s"}]}' % text)


class RoutesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment().start()
        cls.addClassCleanup(cls.deployment.close)
        pair = cls.deployment.login()
        cls.access, cls.refresh = pair["access"], pair["refresh"]

    def post(self, path, value, status, expect):
        """A POST that must be answered so; returns the answer."""
        answer = self.deployment.post(path, value)
        self.assertEqual(status, answer.status, answer)
        check_headers(self, answer)
        check_body(self, expect, answer)
        self.assertEqual(POST_ONLY, answer.header("Allow"))
        return answer

    def get_me(self, token, status, expect, path=ME_PATHS[0]):
        answer = self.deployment.get(
            path, {"Authorization": "Bearer " + token})
        self.assertEqual(status, answer.status, answer)
        check_headers(self, answer)
        check_body(self, expect, answer)

    def test_a_refresh_token_is_refused_as_bearer(self):
        self.get_me(self.refresh, 401, bad_bearer("Token has wrong type"))

    def test_a_bent_signature_is_refused_as_bearer(self):
        self.get_me(jwt.with_broken_signature(self.access), 401,
                    bad_bearer("Token is invalid"))

    def test_bent_claims_are_refused_as_bearer(self):
        self.get_me(jwt.with_claims(self.access, user_id="2"), 401,
                    bad_bearer("Token is invalid"))

    def test_two_authorization_headers_are_refused(self):
        answer = self.deployment.get(ME_PATHS[0], [
            ("Authorization", "Bearer junk"),
            ("Authorization", "Bearer " + self.access)])
        self.assertIn(answer.status, (400, 401))

    def test_every_refresh_path_answers_an_access_token_alone(self):
        for path in REFRESH_PATHS:
            with self.subTest(path=path):
                answer = self.post(path, {"refresh": self.refresh}, 200,
                                   '{"access":"<JWT>"}')
                self.assertEqual("no-store", answer.header("Cache-Control"))
                self.get_me(answer.json()["access"], 200, "<USER>")

    def test_every_refresh_path_refuses_an_access_token(self):
        for path in REFRESH_PATHS:
            with self.subTest(path=path):
                self.post(path, {"refresh": self.access}, 401,
                          token_error("Token has wrong type"))

    def test_every_refresh_path_refuses_a_bent_token(self):
        for path in REFRESH_PATHS:
            with self.subTest(path=path):
                self.post(path,
                          {"refresh": jwt.with_broken_signature(self.refresh)},
                          401, token_error("Token is invalid"))

    def test_verify_takes_access_and_refresh_tokens(self):
        for path in VERIFY_PATHS:
            for token in (self.access, self.refresh):
                with self.subTest(path=path):
                    self.post(path, {"token": token}, 200, "{}")

    def test_verify_refuses_a_bent_token(self):
        for path in VERIFY_PATHS:
            bent = jwt.with_broken_signature(self.access)
            self.post(path, {"token": bent}, 401,
                      token_error("Token is invalid"))

    def ended(self, pair):
        """Both tokens of an ended session are good for nothing."""
        gone = token_error("Token is blacklisted")
        self.get_me(pair["access"], 401, bad_bearer("Token is blacklisted"))
        for path in VERIFY_PATHS:
            self.post(path, {"token": pair["access"]}, 401, gone)
            self.post(path, {"token": pair["refresh"]}, 401, gone)
        for path in REFRESH_PATHS:
            self.post(path, {"refresh": pair["refresh"]}, 401, gone)

    def test_logout_ends_the_session_and_may_be_repeated(self):
        pair = self.deployment.login()
        for _ in range(2):
            answer = self.post("/api/auth/logout/",
                               {"refresh": pair["refresh"]}, 205, "")
            self.assertIsNone(answer.header("Content-Type"))
        self.ended(pair)

    def test_logout_leaves_other_sessions_alone(self):
        one, other = self.deployment.login(), self.deployment.login()
        self.post("/api/auth/logout/", {"refresh": one["refresh"]}, 205, "")
        self.get_me(other["access"], 200, "<USER>")

    def test_logout_refuses_an_access_token(self):
        self.post("/api/auth/logout/", {"refresh": self.access}, 401,
                  token_error("Token has wrong type"))

    def test_blacklist_ends_the_session_once(self):
        pair = self.deployment.login()
        self.post("/api/token/blacklist/", {"refresh": pair["refresh"]}, 200,
                  "{}")
        self.post("/api/token/blacklist/", {"refresh": pair["refresh"]}, 401,
                  token_error("Token is blacklisted"))
        self.ended(pair)

    def test_the_tokens_hold_the_documented_claims(self):
        pair = self.deployment.login()
        access, refresh = map(jwt.claims, (pair["access"], pair["refresh"]))
        head = jwt.header(pair["access"])
        self.assertEqual(("ES256", "JWT"), (head["alg"], head["typ"]))
        self.assertTrue(head["kid"])
        self.assertEqual("HS256", jwt.header(pair["refresh"])["alg"])
        self.assertEqual(("access", "refresh"),
                         (access["token_type"], refresh["token_type"]))
        for claims in (access, refresh):
            self.assertRegex(claims["jti"], "^[0-9a-f]{32}$")
            self.assertEqual(str(pair["user"]["id"]), claims["user_id"])
            self.assertTrue(claims["sub"])
        self.assertEqual(access["sid"], refresh["sid"])
        self.assertNotEqual(access["jti"], refresh["jti"])
        self.assertEqual(3600, access["exp"] - access["iat"])
        self.assertEqual(604800, refresh["exp"] - refresh["iat"])
        self.assertEqual(0, refresh["ctr"])
        self.assertNotIn("ctr", access)

    def test_the_published_key_verifies_the_access_token(self):
        answer = self.deployment.get("/.well-known/jwks.json")
        self.assertEqual(200, answer.status)
        check_headers(self, answer)
        self.assertRegex(answer.header("Cache-Control"), r"max-age=\d+")
        self.assertEqual(GET_ONLY, answer.header("Allow"))
        keys = {key["kid"]: key for key in answer.json()["keys"]}
        key = keys[jwt.header(self.access)["kid"]]
        self.assertEqual({"kty": "EC", "use": "sig", "alg": "ES256",
                          "crv": "P-256"},
                         {k: v for k, v in key.items()
                          if k not in ("kid", "x", "y")})
        self.assertTrue(jwt.es256_is_good(self.access, key, p256.verify))
        self.assertNotIn(jwt.header(self.refresh).get("kid"), keys)

    def test_a_token_signed_with_the_public_key_as_secret_is_refused(self):
        keys = self.deployment.get("/.well-known/jwks.json").json()["keys"]
        claims = jwt.claims(self.access)
        kid = jwt.header(self.access)["kid"]
        for secret in (keys[0]["x"].encode(), jwt.from_b64url(keys[0]["x"]),
                       jwt.compact(keys[0])):
            forged = jwt.hs256({"alg": "HS256", "typ": "JWT", "kid": kid},
                               claims, secret)
            self.get_me(forged, 401, bad_bearer("Token is invalid"))

    def test_a_header_that_brings_its_own_key_is_refused(self):
        claims = jwt.claims(self.access)
        for extra in ({"jku": "https://evil.test"}, {"jwk": {"kty": "oct"}},
                      {"x5u": "https://evil.test"}, {"crit": ["exp"]},
                      {"x5c": ["MA=="]}):
            head = dict(jwt.header(self.access), alg="HS256", **extra)
            self.get_me(jwt.hs256(head, claims, b"k" * 32), 401,
                        bad_bearer("Token is invalid"))

    def test_a_car_login_token_is_as_good_as_any(self):
        pair = self.deployment.post("/login/", {
            "username_or_email": "ada", "password": PASSWORD}).json()
        self.get_me(pair["access_token"], 200, "<USER>")
        self.post("/api/auth/logout/", {"refresh": pair["refresh_token"]},
                  205, "")
        self.get_me(pair["access_token"], 401,
                    bad_bearer("Token is blacklisted"))


for login in LOGINS:
    add_cases(RoutesTest, login_cases(login))
add_cases(RoutesTest, identifier_cases())
for refresh_path in REFRESH_PATHS + ("/api/auth/logout/",
                                     "/api/token/blacklist/"):
    add_cases(RoutesTest, token_field_cases(refresh_path, "refresh"))
for verify_path in VERIFY_PATHS:
    add_cases(RoutesTest, token_field_cases(verify_path, "token"))
for me_path in ME_PATHS:
    add_cases(RoutesTest, bearer_cases(me_path))
add_cases(RoutesTest, [
    Case("a route is there without its slash", "POST", "/api/auth/login", 200,
         '{"refresh":"<JWT>","access":"<JWT>","user":<USER>}',
         json={"email": EMAIL, "password": PASSWORD}, allow=POST_ONLY),
    Case("me is there without its slash", "GET", "/api/auth/users/me", 200,
         "<USER>", token=True, allow=ME_METHODS),
    Case("two slashes are another path", "GET", "/api/auth/users/me//", 404,
         '{"detail":"Not found."}', token=True),
    Case("the slash may be escaped nowhere", "GET", "/api/auth%2Fprofile/",
         404, '{"detail":"Not found."}', token=True),
    Case("an unknown path is not found", "GET", "/nope/", 404,
         '{"detail":"Not found."}'),
    Case("a query does not change the route", "POST",
         "/api/token/?format=xml&x=%00", 200, PAIR,
         json={"username": "ada", "password": PASSWORD}, allow=POST_ONLY),
    Case("liveness is answered", "GET", "/healthz", 200, "<OBJECT>",
         allow=GET_ONLY),
    Case("readiness is answered", "GET", "/readyz", 200, "<OBJECT>",
         allow=GET_ONLY),
])
