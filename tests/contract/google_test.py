"""Logging in with ID tokens, of Google and of another issuer."""

import shutil
import tempfile
import time
import unittest

from tests.contract.case import check_headers
from tests.support import jwt
from tests.support.deployment import EMAIL, PASSWORD, Deployment
from tests.support.issuer import Issuer, Key

PATH = "/auth/google/"
INVALID = ('{"detail":"Google token is invalid.",'
           '"code":"google_token_invalid"}')
NOT_LINKED = ('{"detail":"There is an account with this e-mail address. Log '
              'in with its password.","code":"account_not_linked"}')
ACME = "https://id.acme.example"


class GoogleCase(unittest.TestCase):
    MODE = "open"
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.issuer = Issuer(folder)
        cls.addClassCleanup(cls.issuer.close)
        settings = {
            "registration.mode": cls.MODE,
            "federation.google_audiences": "web,app",
            "federation.google_keys": cls.issuer.url,
            "federation.ca": cls.issuer.ca,
            "federation.issuers":
                "%s keys=%sacme audience=acme-web domain=acme.example"
                % (ACME, cls.issuer.url),
        }
        settings.update(cls.SETTINGS)
        cls.deployment = Deployment(server=settings).start()
        cls.addClassCleanup(cls.deployment.close)

    def exchange(self, token, name="id_token"):
        answer = self.deployment.post(PATH, {name: token})
        check_headers(self, answer)
        return answer

    def log_in(self, email, **claims):
        """Logs in by a good token; returns the answer's object."""
        answer = self.exchange(self.issuer.token(email, **claims))
        self.assertEqual(200, answer.status, answer)
        self.assertEqual("no-store", answer.header("Cache-Control"))
        self.assertEqual(["access", "refresh", "user"], list(answer.json()))
        return answer.json()

    def refused(self, token, status, text):
        answer = self.exchange(token)
        self.assertEqual((status, text), (answer.status, answer.text()))

    def register(self, email, verify):
        """Makes an account with a password; returns its first tokens."""
        answer = self.deployment.post("/api/auth/register/", {
            "email": email, "password": PASSWORD})
        self.assertEqual(201, answer.status, answer)
        if verify:
            mail = self.deployment.mailbox.wait(email)[0]
            done = self.deployment.post("/api/auth/verify-email/",
                                        {"token": mail.token})
            self.assertEqual(200, done.status, done)
        return answer.json()

    def password_status(self, email):
        return self.deployment.post("/api/auth/login/", {
            "email": email, "password": PASSWORD}).status


class GoogleTest(GoogleCase):
    def test_a_new_account_is_made_once_and_found_by_its_identity(self):
        first = self.log_in("grace@gmail.com")
        user = first["user"]
        self.assertEqual("Grace Hopper", user["full_name"])
        self.assertEqual("grace@gmail.com", user["email"])
        self.assertTrue(user["email_verified"])
        me = self.deployment.get("/api/auth/users/me/", {
            "Authorization": "Bearer " + first["access"]})
        self.assertEqual(user["id"], me.json()["id"])
        # Later it is the identity that counts: the address may change.
        again = self.log_in("new@gmail.com", sub="sub of grace@gmail.com")
        self.assertEqual(user["id"], again["user"]["id"])
        self.assertEqual("grace@gmail.com", again["user"]["email"])
        self.assertEqual(401, self.password_status("grace@gmail.com"))

    def test_the_token_may_be_called_credential(self):
        answer = self.exchange(self.issuer.token("cred@gmail.com"),
                               "credential")
        self.assertEqual(200, answer.status, answer)

    def test_a_request_without_a_token_is_told_so(self):
        answer = self.deployment.post(PATH, {})
        self.assertEqual(
            (400, '{"id_token":["This field is required."]}'),
            (answer.status, answer.text()))

    def test_an_account_with_a_verified_address_keeps_its_password(self):
        email = "verified@gmail.com"
        made = self.register(email, verify=True)
        linked = self.log_in(email)
        self.assertEqual(made["user"]["id"], linked["user"]["id"])
        self.assertEqual(200, self.password_status(email))
        mail = self.deployment.mailbox.wait_about(email, "Sign-in with Google")
        self.assertIn(email, mail.body("plain"))

    def test_an_unverified_account_is_taken_from_who_made_it(self):
        email = "victim@gmail.com"
        made = self.register(email, verify=False)
        linked = self.log_in(email)
        self.assertEqual(made["user"]["id"], linked["user"]["id"])
        self.assertTrue(linked["user"]["email_verified"])
        self.assertEqual(401, self.password_status(email))
        self.assertEqual(401, self.deployment.post(
            "/api/auth/token/refresh/", {"refresh": made["refresh"]}).status)
        self.deployment.mailbox.wait_about(email, "Sign-in with Google")
        # The link of the first mail opens nothing any more either.
        first = self.deployment.mailbox.wait_about(email, "Verify")
        self.assertEqual(400, self.deployment.post(
            "/api/auth/verify-email/", {"token": first.token + "x"}).status)
        self.assertEqual(200, self.deployment.post(
            "/api/auth/token/refresh/",
            {"refresh": linked["refresh"]}).status)

    def test_an_address_that_google_does_not_own_is_not_linked(self):
        self.register("carol@corp.example", verify=True)
        token = self.issuer.token("carol@corp.example")
        self.refused(token, 403, NOT_LINKED)
        self.refused(self.issuer.token("carol@corp.example",
                                       hd="other.example"), 403, NOT_LINKED)
        self.assertEqual(200, self.password_status("carol@corp.example"))
        self.log_in("carol@corp.example", hd="corp.example")
        # Now it is the identity's.
        self.assertEqual(200, self.exchange(token).status)

    def test_an_inactive_user_is_refused(self):
        user = self.log_in("idle@gmail.com")["user"]
        admin = self.deployment.wire()
        try:
            access = self.deployment.login()["access"]
            admin.call("UserService/DeactivateUser", access_token=access,
                       id=user["id"])
        finally:
            admin.close()
        self.refused(self.issuer.token("idle@gmail.com"), 401,
                     '{"detail":"No active account found for the given '
                     'token."}')

    def test_a_deleted_user_comes_back_as_somebody_new(self):
        user = self.log_in("gone@gmail.com")["user"]
        access = self.deployment.login()["access"]
        admin = self.deployment.wire()
        try:
            admin.call("UserService/DeleteUser", access_token=access,
                       id=user["id"])
        finally:
            admin.close()
        again = self.log_in("gone@gmail.com")["user"]
        self.assertNotEqual(user["id"], again["id"])

    def test_two_identities_with_one_subject_are_two_people(self):
        google = self.log_in("twin@gmail.com", sub="1")
        acme = self.log_in("twin@acme.example", sub="1", iss=ACME,
                           aud="acme-web", azp=None)
        self.assertNotEqual(google["user"]["id"], acme["user"]["id"])

    def test_an_issuer_speaks_for_its_own_domains_alone(self):
        claims = {"iss": ACME, "aud": "acme-web", "azp": None}
        self.register("dave@acme.example", verify=False)
        self.register("dave@gmail.com", verify=False)
        self.log_in("dave@acme.example", **claims)
        self.refused(self.issuer.token("dave@gmail.com", hd="gmail.com",
                                       **claims), 403, NOT_LINKED)

    def test_google_may_call_itself_by_its_host_alone(self):
        self.log_in("host@gmail.com", iss="accounts.google.com")

    def test_several_audiences_need_an_authorized_party_of_ours(self):
        email = "party@gmail.com"
        self.log_in(email, aud=["web", "app"], azp="app")
        self.log_in(email, aud=["app"], azp=None)
        for claims in ({"aud": ["web", "app"], "azp": None},
                       {"aud": ["web", "evil"], "azp": "web"},
                       {"aud": [], "azp": "web"},
                       {"aud": "web", "azp": "evil"}):
            self.refused(self.issuer.token(email, **claims), 401, INVALID)

    def test_claims_that_do_not_hold_are_refused(self):
        now = int(time.time())
        for claims in ({"aud": "evil"}, {"aud": None}, {"aud": 1},
                       {"iss": "https://evil.example"}, {"iss": None},
                       {"iss": "https://accounts.google.com/"},
                       {"iss": ACME}, {"sub": None}, {"sub": ""},
                       {"sub": 7}, {"sub": "x" * 256},
                       {"exp": now - 61, "iat": now - 3600}, {"exp": None},
                       {"exp": "soon"}, {"iat": None}, {"iat": now + 300},
                       {"nbf": now + 300}, {"email_verified": False},
                       {"email_verified": None}, {"email_verified": "true"},
                       {"email": None}, {"email": "nobody"}):
            with self.subTest(claims=claims):
                answer = self.exchange(
                    self.issuer.token("claims@gmail.com", **claims))
                self.assertEqual((401, INVALID),
                                 (answer.status, answer.text()))

    def test_a_clock_that_is_a_little_off_is_forgiven(self):
        now = int(time.time())
        self.log_in("late@gmail.com", exp=now - 30, iat=now - 3600)
        self.log_in("late@gmail.com", iat=now + 30)

    def test_tokens_that_google_did_not_sign_are_refused(self):
        key, claims = self.issuer.key, self.issuer.claims("forged@gmail.com")
        good = key.token(claims)
        head = {"alg": "RS256", "typ": "JWT", "kid": key.kid}
        public = jwt.compact(key.jwk())
        forged = [
            "junk", "a.b.c", good + ".x", good[:-4], "x" * 4097,
            jwt.with_broken_signature(good),
            jwt.with_claims(good, email="root@gmail.com"),
            jwt.unsigned({"alg": "none"}, claims),
            jwt.unsigned(dict(head, alg="none"), claims) + "eA",
            jwt.hs256(dict(head, alg="HS256"), claims, public),
            key.token(claims, {"alg": "RS256"}),
            key.token(claims, dict(head, kid="")),
            key.token(claims, dict(head, alg="RS512")),
            key.token(claims, dict(head, jwk=key.jwk())),
            key.token(claims, dict(head, jku="https://evil.example/")),
            key.token(claims, dict(head, crit=["exp"])),
            Key(key.kid).token(claims),
        ]
        for token in forged:
            with self.subTest(token=token[:80]):
                self.refused(token, 401, INVALID)
        # Our own tokens are not Google's.
        self.refused(self.deployment.login()["access"], 401, INVALID)

    def test_unknown_keys_fetch_the_set_once_a_minute_at_most(self):
        self.log_in("known@gmail.com")
        before = self.issuer.fetched
        stranger = Key("key-2")
        self.issuer.keys.append(stranger)
        try:
            token = stranger.token(self.issuer.claims("soon@gmail.com"))
            for _ in range(5):
                self.refused(token, 401, INVALID)
        finally:
            self.issuer.keys.remove(stranger)
        self.assertEqual(before, self.issuer.fetched)


class ClosedTest(GoogleCase):
    MODE = "closed"
    SETTINGS = {"federation.google_domain": "Example.com"}

    def test_nobody_new_comes_in_but_accounts_may_be_linked(self):
        self.refused(self.issuer.token("new@example.com", hd="example.com"),
                     403, '{"detail":"Registration is closed."}')
        linked = self.log_in(EMAIL, hd="example.com")
        self.assertEqual("ada", linked["user"]["username"])

    def test_another_hosted_domain_is_refused(self):
        for hd in (None, "gmail.com", "evil.example"):
            self.refused(self.issuer.token("x@gmail.com", hd=hd), 401,
                         INVALID)


class AwayTest(GoogleCase):
    # Nobody listens there.
    SETTINGS = {"federation.google_keys": "https://localhost:1/"}

    def test_without_the_keys_the_service_is_unavailable(self):
        self.refused(self.issuer.token("x@gmail.com"), 503,
                     '{"detail":"Service unavailable."}')
        # What the keys are not needed for is still known.
        self.refused(self.issuer.token("x@gmail.com", aud="evil"), 401,
                     INVALID)


class StrangeAuthorityTest(GoogleCase):
    SETTINGS = {"federation.ca": ""}

    def test_keys_from_a_server_nobody_vouches_for_are_not_taken(self):
        self.refused(self.issuer.token("x@gmail.com"), 503,
                     '{"detail":"Service unavailable."}')
        self.assertEqual(0, self.issuer.fetched)


class OffTest(GoogleCase):
    SETTINGS = {"federation.google_audiences": "",
                "federation.issuers": ""}

    def test_without_an_issuer_there_is_no_such_route(self):
        self.refused(self.issuer.token("x@gmail.com"), 404,
                     '{"detail":"Not found."}')
