"""Lifetimes, algorithms and claims of tokens, as section 5 has them."""

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

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(server=cls.SETTINGS).start()
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


class SharedSecretTest(TokenCase):
    SETTINGS = {"tokens.algorithm": "HS256"}

    def test_a_shared_secret_signs_and_is_never_published(self):
        pair = self.deployment.login()
        head = jwt.header(pair["access"])
        self.assertEqual("HS256", head["alg"])
        self.assertNotEqual(jwt.header(pair["refresh"])["kid"], head["kid"])
        self.assertEqual(200, self.me(pair["access"]).status)
        self.assertEqual({"keys": []}, self.deployment.get(
            "/.well-known/jwks.json").json())

    def test_the_refresh_key_signs_no_access_token(self):
        pair = self.deployment.login()
        self.assertEqual("Token has wrong type",
                         self.message(self.me(pair["refresh"])))
        bent = dict(jwt.header(pair["access"]),
                    kid=jwt.header(pair["refresh"])["kid"])
        mixed = "%s.%s" % (jwt.b64url(jwt.compact(bent)),
                           pair["access"].split(".", 1)[1])
        self.assertEqual("Token is invalid", self.message(self.me(mixed)))


class RsaTest(TokenCase):
    SETTINGS = {"tokens.algorithm": "RS256"}

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
