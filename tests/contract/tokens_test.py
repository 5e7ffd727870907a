"""Lifetimes, algorithms and claims of tokens, as section 5 has them."""

import hashlib
import hmac
import tempfile
import time
import unittest

from tests.contract.case import check_body, check_headers
from tests.support import jwt
from tests.support.deployment import Deployment
from tests.support.process import repeat_until

ME = "/api/auth/users/me/"
REFRESH = "/api/auth/token/refresh/"
VERIFY = "/api/auth/token/verify/"
LOGOUT = "/api/auth/logout/"
BLACKLIST = "/api/token/blacklist/"


def token_error(text):
    return '{"detail":"%s","code":"token_not_valid"}' % text


class TokenCase(unittest.TestCase):
    """A deployment with the class's settings, and one login."""

    SETTINGS = {}
    INIT = ()

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(server=cls.SETTINGS,
                                    init=cls.INIT).start()
        cls.addClassCleanup(cls.deployment.close)

    def post(self, path, value, status, expect):
        answer = self.deployment.post(path, value)
        self.assertEqual(status, answer.status, answer)
        check_headers(self, answer)
        check_body(self, expect, answer)
        return answer

    def me(self, token):
        answer = self.deployment.get(ME, {"Authorization": "Bearer " + token})
        check_headers(self, answer)
        return answer

    def message(self, answer):
        """What a refused bearer token is told."""
        self.assertEqual(401, answer.status, answer)
        return answer.json()["messages"][0]["message"]

    def outlive(self, token):
        """Waits until a token's time is over: exp <= now."""
        end = jwt.claims(token)["exp"]
        repeat_until(lambda: time.time() >= end, "the end of a token")


class ShortAccessTest(TokenCase):
    SETTINGS = {"tokens.access_lifetime_s": 1}

    def test_an_expired_access_token_is_refused_and_refreshed(self):
        pair = self.deployment.login()
        claims = jwt.claims(pair["access"])
        self.assertEqual(1, claims["exp"] - claims["iat"])
        self.outlive(pair["access"])
        self.assertEqual("Token is expired",
                         self.message(self.me(pair["access"])))
        self.post(VERIFY, {"token": pair["access"]}, 401,
                  token_error("Token is expired"))
        self.post(REFRESH, {"refresh": pair["refresh"]}, 200,
                  '{"access":"<JWT>"}')

    def test_a_verified_token_expires_all_the_same(self):
        pair = self.deployment.login()
        answer = self.me(pair["access"])
        self.assertIn(answer.status, (200, 401))
        self.outlive(pair["access"])
        self.assertEqual("Token is expired",
                         self.message(self.me(pair["access"])))


class ShortRefreshTest(TokenCase):
    SETTINGS = {"tokens.refresh_lifetime_s": 1}

    def test_an_expired_refresh_token_is_refused_but_logs_out(self):
        pair = self.deployment.login()
        self.outlive(pair["refresh"])
        expired = token_error("Token is expired")
        self.post(REFRESH, {"refresh": pair["refresh"]}, 401, expired)
        self.post(VERIFY, {"token": pair["refresh"]}, 401, expired)
        self.post(BLACKLIST, {"refresh": pair["refresh"]}, 401, expired)
        self.assertEqual(200, self.me(pair["access"]).status)
        self.post(LOGOUT, {"refresh": pair["refresh"]}, 205, "")
        self.assertEqual("Token is blacklisted",
                         self.message(self.me(pair["access"])))


class ShortSessionTest(TokenCase):
    SETTINGS = {"tokens.session_lifetime_s": 1}

    def test_no_token_outlives_its_session(self):
        began = time.time()
        pair = self.deployment.login()
        self.assertLessEqual(jwt.claims(pair["refresh"])["exp"],
                             time.time() + 1)
        repeat_until(lambda: time.time() >= began + 2, "the session's end")
        repeat_until(lambda: self.me(pair["access"]).status == 401,
                     "the refusal of the access token")
        self.assertIn(self.message(self.me(pair["access"])),
                      ("Token is blacklisted", "Token is expired"))


SECRET = b"a secret that is shared with a Django, 48 bytes.."


class SharedSecretTest(TokenCase):
    """Access tokens signed with a secret that another service knows too.

    As the test knows it, it can also sign what the server never would.
    """

    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile(dir="/tmp") as file:
            file.write(SECRET + b"\n")
            file.flush()
            cls.deployment = Deployment(init=(
                "--set", "tokens.algorithm=HS256",
                "--secret-file", file.name)).start()
        cls.addClassCleanup(cls.deployment.close)
        cls.pair = cls.deployment.login()

    def forge(self, drop=(), head=(), **claims):
        """A well signed access token with other claims."""
        token = self.pair["access"]
        body = dict(jwt.claims(token), **claims)
        for name in drop:
            del body[name]
        return jwt.hs256(dict(jwt.header(token), **dict(head)), body, SECRET)

    def assert_refused(self, token, bearer, body):
        """What users/me and verify say to a token."""
        answer = self.me(token)
        self.assertEqual(401, answer.status, answer)
        check_body(self, bearer, answer)
        self.post(VERIFY, {"token": token}, 401, body)

    def assert_not_valid(self, token, text):
        self.assert_refused(token, (
            '{"detail":"Given token not valid for any token type",'
            '"code":"token_not_valid","messages":[{"token_class":'
            '"AccessToken","token_type":"access","message":"%s"}]}' % text),
            token_error(text))

    def test_a_shared_secret_signs_and_is_never_published(self):
        head = jwt.header(self.pair["access"])
        self.assertEqual("HS256", head["alg"])
        self.assertNotEqual(jwt.header(self.pair["refresh"])["kid"],
                            head["kid"])
        self.assertEqual(200, self.me(self.pair["access"]).status)
        self.assertEqual(200, self.me(self.forge()).status)
        self.assertEqual({"keys": []}, self.deployment.get(
            "/.well-known/jwks.json").json())

    def test_the_refresh_key_signs_no_access_token(self):
        pair = self.pair
        self.assert_not_valid_bearer(pair["refresh"], "Token has wrong type")
        bent = dict(jwt.header(pair["access"]),
                    kid=jwt.header(pair["refresh"])["kid"])
        mixed = "%s.%s" % (jwt.b64url(jwt.compact(bent)),
                           pair["access"].split(".", 1)[1])
        self.assert_not_valid(mixed, "Token is invalid")

    def assert_not_valid_bearer(self, token, text):
        self.assertEqual(text, self.message(self.me(token)))

    def test_the_shared_secret_signs_no_refresh_token(self):
        token = self.forge(token_type="refresh", ctr=0)
        self.post(REFRESH, {"refresh": token}, 401,
                  token_error("Token is invalid"))
        self.post(LOGOUT, {"refresh": token}, 401,
                  token_error("Token is invalid"))

    def test_a_token_without_expiry_is_refused(self):
        self.assert_not_valid(self.forge(drop=["exp"]),
                              "Token has no 'exp' claim")

    def test_a_token_that_expires_now_is_expired(self):
        self.assert_not_valid(self.forge(exp=int(time.time())),
                              "Token is expired")

    def test_a_token_without_type_is_refused(self):
        self.assert_not_valid(self.forge(drop=["token_type"]),
                              "Token has no type")

    def test_a_token_of_an_unknown_type_is_refused(self):
        token = self.forge(token_type="sliding")
        self.assert_not_valid(token, "Token has wrong type")

    def test_a_token_without_id_is_refused(self):
        self.assert_not_valid(self.forge(drop=["jti"]), "Token has no id")

    def test_a_token_without_user_is_refused(self):
        token = self.forge(drop=["user_id"])
        answer = self.me(token)
        self.assertEqual(
            '{"detail":"Token contained no recognizable user identification"'
            ',"code":"token_not_valid"}', answer.text())
        self.assertEqual(401, self.deployment.post(
            VERIFY, {"token": token}).status)

    def test_a_token_of_a_user_who_is_gone_is_refused(self):
        token = self.forge(user_id="4711")
        answer = self.me(token)
        self.assertEqual(401, answer.status)
        self.assertIn(answer.json().get("code"),
                      ("user_not_found", "token_not_valid"))

    def test_bent_times_are_refused(self):
        for name in ("exp", "iat", "nbf"):
            for value in ("abc", "9999999999", [], {}, True, -1, None,
                          1e300):
                with self.subTest(name=name, value=value):
                    answer = self.me(self.forge(**{name: value}))
                    self.assertEqual(401, answer.status)

    def test_a_token_that_is_not_good_yet_is_refused(self):
        self.assert_not_valid(self.forge(nbf=int(time.time()) + 3600),
                              "Token is invalid")

    def test_the_user_id_may_be_a_number(self):
        number = int(jwt.claims(self.pair["access"])["user_id"])
        self.assertEqual(200, self.me(self.forge(user_id=number)).status)

    def test_headers_that_point_elsewhere_are_refused_though_well_signed(self):
        for extra in ({"jku": "https://evil.test"}, {"jwk": {}},
                      {"x5u": "https://evil.test"}, {"x5c": ["MA=="]},
                      {"crit": ["exp"]}, {"alg": "none"}, {"alg": "HS384"},
                      {"kid": "nobody"}, {"kid": 1}, {"typ": "secret"}):
            with self.subTest(extra=extra):
                self.assert_not_valid(self.forge(head=extra.items()),
                                      "Token is invalid")

    def test_a_repeated_claim_is_refused_though_well_signed(self):
        signed, _ = self.pair["access"].rsplit(".", 1)
        head, body = signed.split(".")
        text = jwt.from_b64url(body)
        twice = jwt.b64url(text[:-1] + b',"exp":9999999999}')
        signed = "%s.%s" % (head, twice)
        mac = hmac.new(SECRET, signed.encode(), hashlib.sha256).digest()
        self.assert_not_valid("%s.%s" % (signed, jwt.b64url(mac)),
                              "Token is invalid")

    def test_loose_base64_is_refused(self):
        head, body, signature = self.pair["access"].split(".")
        for token in (head + "=." + body + "." + signature,
                      head + "." + body + "." + signature + "=",
                      head + "." + body + ". " + signature,
                      head + "." + body + "." + signature + "\n.x",
                      ".".join((head, body, signature, signature)),
                      head + ".." + signature):
            with self.subTest(token=token[:20]):
                self.post(VERIFY, {"token": token}, 401,
                          token_error("Token is invalid"))


class RsaTest(TokenCase):
    INIT = ("--set", "tokens.algorithm=RS256")

    def test_rsa_signs_and_is_published(self):
        pair = self.deployment.login()
        self.assertEqual("RS256", jwt.header(pair["access"])["alg"])
        self.assertEqual(200, self.me(pair["access"]).status)
        keys = self.deployment.get("/.well-known/jwks.json").json()["keys"]
        key = next(k for k in keys
                   if k["kid"] == jwt.header(pair["access"])["kid"])
        self.assertEqual(("RSA", "RS256", "AQAB"),
                         (key["kty"], key["alg"], key["e"]))
        self.assertEqual({"kty", "use", "kid", "alg", "n", "e"}, set(key))
        # RFC 8017, 8.2.2: what the signature opens to ends with the digest.
        modulus = int.from_bytes(jwt.from_b64url(key["n"]), "big")
        self.assertGreaterEqual(modulus.bit_length(), 2048)
        signed, signature = pair["access"].rsplit(".", 1)
        number = int.from_bytes(jwt.from_b64url(signature), "big")
        opened = pow(number, 65537, modulus)
        digest = int(hashlib.sha256(signed.encode()).hexdigest(), 16)
        self.assertEqual(digest, opened & (1 << 256) - 1)


class ClaimsTest(TokenCase):
    SETTINGS = {"tokens.user_id_is_number": True, "tokens.with_roles": True,
                "tokens.issuer": "https://auth.example.com",
                "tokens.audience": "shop"}

    def test_configured_claims_are_there(self):
        pair = self.deployment.login()
        claims = jwt.claims(pair["access"])
        self.assertEqual(pair["user"]["id"], claims["user_id"])
        self.assertEqual("https://auth.example.com", claims["iss"])
        self.assertEqual("shop", claims["aud"])
        self.assertEqual([], claims["roles"])
        self.assertEqual(200, self.me(pair["access"]).status)

    def test_a_token_of_another_issuer_is_invalid(self):
        deployment = self.deployment
        pair = deployment.login()
        old = dict(deployment.server_settings)
        deployment.server_settings["tokens.issuer"] = "https://other.test"
        deployment.restart_server()
        try:
            self.assertEqual("Token is invalid",
                             self.message(self.me(pair["access"])))
            self.post(REFRESH, {"refresh": pair["refresh"]}, 401,
                      token_error("Token is invalid"))
        finally:
            deployment.server_settings = old
            deployment.restart_server()
        self.assertEqual(200, self.me(pair["access"]).status)
