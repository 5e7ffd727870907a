"""Signing keys are exchanged while the server serves, as `latchkeyd keys` and
docs/operations.md say, and a kill after any step leaves everything working."""

import os
import signal
import unittest

from tests.support import jwt
from tests.support.deployment import EMAIL, PASSWORD, Deployment
from tests.wire.wire_client import Refused

ACCESS_S, REFRESH_S = 600, 6000
NOTICED_S = 120
LIFETIMES = {"tokens.access_lifetime_s": ACCESS_S,
             "tokens.refresh_lifetime_s": REFRESH_S}


def kid(token):
    return jwt.header(token)["kid"]


class KeysCase(unittest.TestCase):
    def setUp(self):
        self.deployment = Deployment(server=LIFETIMES)
        self.addCleanup(self.deployment.close)
        self.deployment.create().start_server()

    # The server's side

    def call(self, method, **fields):
        client = self.deployment.wire()
        try:
            return client.call(method, **fields)
        finally:
            client.close()

    def login(self):
        return self.call("AuthService/Authenticate", identifier=EMAIL,
                         password=PASSWORD)

    def is_good(self, token):
        try:
            self.call("AuthService/VerifyToken", token=token)
        except Refused:
            return False
        return True

    def published(self):
        return [key["kid"] for key in
                self.call("KeyService/GetJwks").get("keys", [])]

    def reload(self):
        """The server takes over what changed, as it does each minute."""
        server = self.deployment.server
        before = len(server.events("certificates_reloaded"))
        server.signal(signal.SIGHUP)
        server.wait_for(
            lambda p: p.events("certificates_reloaded")[before:], "reloaded")

    def kill_and_restart(self):
        self.deployment.server.kill()
        self.deployment.start_server()

    # The operator's

    def add(self, *options):
        """Adds a key; returns its id."""
        return self.deployment.must("keys", "add", *options).split()[0]

    def states(self):
        """kid: (purpose, algorithm, state) as `keys list` shows them."""
        lines = self.deployment.must("keys", "list").splitlines()[1:]
        rows = (line.split(maxsplit=4) for line in lines)
        return {row[0]: (row[1], row[2], row[4]) for row in rows}

    def refused(self, status, *args, word=""):
        code, out, err = self.deployment.command("keys", *args)
        self.assertEqual(status, code, out + err)
        self.assertIn(word, err)


class ExchangeTest(KeysCase):
    def test_an_exchange_loses_no_token_and_no_login(self):
        self.exchange(self.reload)

    def test_a_kill_after_any_step_leaves_everything_working(self):
        self.exchange(self.kill_and_restart)

    def exchange(self, after_step):
        """Adds a key, retires the old one, lets it end."""
        pair = self.login()
        old = kid(pair["access_token"])
        new = self.add("access", "--after", "0")
        after_step()
        self.assertEqual([new, old], self.published())
        self.assertEqual(new, kid(self.login()["access_token"]))
        self.assertTrue(self.is_good(pair["access_token"]))
        self.assertEqual({new: "signs", old: "verifies"},
                         {key: state for key, (purpose, _, state)
                          in self.states().items() if purpose == "access"})
        self.deployment.must("keys", "retire", old)
        after_step()
        self.assertEqual([new, old], self.published())
        self.assertTrue(self.is_good(pair["access_token"]))
        self.assertIn("verifies until", self.states()[old][2])
        self.deployment.age(ACCESS_S + NOTICED_S - 60)
        self.assertIn(old, self.published())
        self.deployment.age(70)
        self.deployment.server.wait_for_event("keys_deleted", count="1")
        self.assertEqual([new], self.published())
        self.assertNotIn(old, self.states())
        # The session has lived through all of it.
        again = self.call("AuthService/Refresh",
                          refresh_token=pair["refresh_token"])
        self.assertEqual(new, kid(again["access_token"]))
        self.assertTrue(self.is_good(again["access_token"]))

    def test_a_refresh_key_is_exchanged_like_one_for_access(self):
        pair = self.login()
        old = kid(pair["refresh_token"])
        new = self.add("refresh", "--after", "0")
        self.reload()
        self.assertEqual(new, kid(self.login()["refresh_token"]))
        self.deployment.must("keys", "retire", old)
        self.reload()
        self.deployment.age(REFRESH_S - 60)
        self.assertIn("access_token", self.call(
            "AuthService/Refresh", refresh_token=pair["refresh_token"]))
        self.deployment.age(NOTICED_S + 70)
        self.deployment.server.wait_for_event("keys_deleted", count="1")
        self.assertNotIn(old, self.states())
        self.assertEqual([], [key for key in self.published()
                              if key in (old, new)])


class AddTest(KeysCase):
    def test_a_key_is_published_before_it_signs(self):
        old = kid(self.login()["access_token"])
        new = self.add("access")
        self.reload()
        self.assertEqual([new, old], self.published())
        self.assertEqual(old, kid(self.login()["access_token"]))
        self.assertIn("signs from", self.states()[new][2])
        self.refused(1, "retire", old, word="yet")
        self.deployment.age(300 + NOTICED_S)  # tokens.jwks_max_age_s
        self.assertEqual(new, kid(self.login()["access_token"]))

    def test_a_shared_secret_follows_a_public_key(self):
        secret = b"shared with a Django, 32 bytes at least"
        path = os.path.join(self.deployment.folder, "secret")
        with open(path, "wb") as file:
            file.write(secret + b"\n")
        old = kid(self.login()["access_token"])
        new = self.add("access", "--secret-file", path, "--after", "0")
        self.reload()
        token = self.login()["access_token"]
        self.assertEqual(("HS256", new), (jwt.header(token)["alg"],
                                          kid(token)))
        self.assertEqual(token, jwt.hs256(jwt.header(token),
                                          jwt.claims(token), secret))
        self.assertEqual([old], self.published())

    def test_another_algorithm_can_follow(self):
        new = self.add("access", "--algorithm", "RS256", "--after", "0")
        self.reload()
        token = self.login()["access_token"]
        self.assertEqual("RS256", jwt.header(token)["alg"])
        self.assertTrue(self.is_good(token))
        # And the next one is like it.
        third = self.add("access")
        self.assertEqual("RS256", self.states()[third][1])
        self.assertIn(new, self.states())


class CompromiseTest(KeysCase):
    def test_a_key_that_others_know_is_gone_at_once(self):
        token = self.login()["access_token"]
        self.assertTrue(self.is_good(token))
        self.assertTrue(self.is_good(token))
        old = kid(token)
        self.refused(1, "retire", old, "--at-once", word="keys add")
        new = self.add("access")
        self.deployment.must("keys", "retire", old, "--at-once")
        self.reload()
        self.assertFalse(self.is_good(token))
        self.assertEqual([new], self.published())
        # Its time has not come, but there is no other.
        self.assertEqual(new, kid(self.login()["access_token"]))
        self.assertEqual("signs", self.states()[new][2])


class UsageTest(KeysCase):
    def test_what_is_wrong_is_said(self):
        for args, word in (
                ((), "list, add or retire"), (("dance",), "list"),
                (("add",), "access or refresh"), (("add", "x"), '"x"'),
                (("add", "access", "y"), "access or refresh"),
                (("list", "x"), "no argument"),
                (("list", "--at-once"), "--help"),
                (("retire", "x", "--after", "1"), "--help"),
                (("retire",), "id of a key"),
                (("add", "access", "--after", "x"), "--after"),
                (("add", "access", "--after", "2592001"), "2592000"),
                (("add", "access", "--algorithm", "none"), "ES256"),
                (("add", "refresh", "--algorithm", "ES256"), "HS256"),
                (("add", "access", "--nope"), "nope")):
            with self.subTest(args=args):
                self.refused(2, *args, word=word)
        self.refused(1, "retire", "0123456789abcdef", word="no such key")
        self.refused(1, "add", "access", "--secret-file", "/nowhere",
                     word="/nowhere")
        self.assertEqual(2, len(self.states()))
