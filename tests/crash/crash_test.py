"""latchkeyd is killed (SIGKILL) while logins and rotations run, again and
again, and nothing that it acknowledged is lost.

After each restart every login session that was answered is there, and no
session's counter is behind one that was answered. ROUNDS in the environment
says how often.
"""

import os
import random
import threading
import unittest

from tests.support import jwt
from tests.support.deployment import EMAIL, PASSWORD, Deployment
from tests.support.process import repeat_until
from tests.wire import messages
from tests.wire.wire_client import Closed, Refused

ROUNDS = int(os.environ.get("ROUNDS", "50"))
# Acknowledged answers of a round before the kill comes.
LOGINS, ROTATIONS = 4, 60
LOGIN_THREADS, ROTATION_THREADS = 2, 6
# All are one user's, and the oldest of too many end: long before, they are no
# longer asked for.
SESSIONS_MAX, SESSIONS_WATCHED = 10000, 5000
NO_GRACE = {"sessions.rotate": True, "sessions.grace_ms": 0,
            "sessions.per_user_max": SESSIONS_MAX}


class Ledger:
    """What the server acknowledged: for each session its newest token."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tokens = {}      # sid: (counter, refresh token)
        self.logins = 0
        self.rotations = 0
        self.surprises = []

    def note(self, token, is_login):
        claims = jwt.claims(token)
        with self.lock:
            counter = self.tokens.get(claims["sid"], (-1, None))[0]
            if claims["ctr"] > counter:
                self.tokens[claims["sid"]] = (claims["ctr"], token)
            if is_login:
                self.logins += 1
            else:
                self.rotations += 1

    def surprise(self, what):
        with self.lock:
            self.surprises.append(what)

    def begin_round(self):
        with self.lock:
            self.logins = self.rotations = 0
            for sid in list(self.tokens)[:-SESSIONS_WATCHED]:
                del self.tokens[sid]

    def has_enough(self):
        with self.lock:
            return (self.logins >= LOGINS and self.rotations >= ROTATIONS
                    or bool(self.surprises))


class Load(threading.Thread):
    """Calls the server until it dies under the call."""

    def __init__(self, deployment, ledger, listener):
        super().__init__(daemon=True)
        self.deployment = deployment
        self.ledger = ledger
        self.client = deployment.wire(listener)

    def step(self):
        raise NotImplementedError

    def run(self):
        try:
            while True:
                self.step()
        except (OSError, Closed):
            pass  # the kill
        except Refused as refusal:
            self.ledger.surprise(refusal)
        finally:
            self.client.close()


class Logins(Load):
    def step(self):
        pair = self.client.call("AuthService/Authenticate",
                                identifier=EMAIL, password=PASSWORD)
        self.ledger.note(pair["refresh_token"], True)


class Rotations(Load):
    """Rotates one session over and over."""

    def __init__(self, deployment, ledger, listener, token):
        super().__init__(deployment, ledger, listener)
        self.token = token

    def step(self):
        answer = self.client.call("AuthService/Refresh",
                                  refresh_token=self.token)
        self.token = answer["refresh_token"]
        self.ledger.note(self.token, False)


class CrashTest(unittest.TestCase):
    def test_nothing_acknowledged_is_lost(self):
        with Deployment(server=NO_GRACE) as deployment:
            deployment.create().start_server()
            ledger = Ledger()
            for number in range(ROUNDS):
                with self.subTest(round=number):
                    self.play_round(deployment, ledger)
            deployment.server.stop()

    def play_round(self, deployment, ledger):
        ledger.begin_round()
        listeners = ("local", "front", "service")
        load = [Logins(deployment, ledger, listeners[i % 3])
                for i in range(LOGIN_THREADS)]
        for i in range(ROTATION_THREADS):
            client = deployment.wire()
            pair = client.call("AuthService/Authenticate", identifier=EMAIL,
                               password=PASSWORD)
            client.close()
            ledger.note(pair["refresh_token"], False)
            load.append(Rotations(deployment, ledger, listeners[i % 3],
                                  pair["refresh_token"]))
        for thread in load:
            thread.start()
        # Not always at the same place of a commit.
        more = random.SystemRandom().randrange(ROTATIONS)
        repeat_until(lambda: ledger.has_enough()
                     and ledger.rotations >= ROTATIONS + more
                     or ledger.surprises, "load")
        deployment.server.kill()
        for thread in load:
            thread.join()
        self.assertEqual([], ledger.surprises)
        deployment.start_server()
        self.check(deployment, ledger)

    def check(self, deployment, ledger):
        """Every session of the ledger lives at its counter or the next.

        The next, because the kill may have come between a commit and its
        answer. Presenting a token that is one behind is a late step, which
        is honoured; one that is further behind, or ahead, is refused.
        """
        client = deployment.wire()
        for sid, (counter, token) in list(ledger.tokens.items()):
            try:
                answer = client.call("AuthService/Refresh",
                                     refresh_token=token)
            except Refused as refusal:
                self.fail("session %s at %d is lost: %s"
                          % (sid, counter, refusal))
            fresh = jwt.claims(answer["refresh_token"])
            self.assertEqual(sid, fresh["sid"])
            # n, if it was one behind; n + 1 otherwise.
            self.assertEqual(counter + 1, fresh["ctr"])
            ledger.tokens[sid] = (fresh["ctr"], answer["refresh_token"])
            found = client.call("AuthService/VerifyToken",
                                token=answer["access_token"])
            self.assertEqual(sid, found["session_id"])
        health = client.call("HealthService/Check")
        self.assertEqual(1, health["status"])
        client.close()


class ProofTest(unittest.TestCase):
    """The check above would see a loss."""

    def test_a_store_that_went_back_is_noticed(self):
        with Deployment(server=NO_GRACE) as deployment:
            deployment.create().start_server()
            client = deployment.wire()
            pair = client.call("AuthService/Authenticate", identifier=EMAIL,
                               password=PASSWORD)
            client.close()
            deployment.server.stop()
            with open(deployment.path("data", "data.mdb"), "rb") as file:
                old = file.read()
            deployment.start_server()
            client = deployment.wire()
            fresh = client.call("AuthService/Refresh",
                                refresh_token=pair["refresh_token"])
            client.close()
            deployment.server.stop()
            with open(deployment.path("data", "data.mdb"), "wb") as file:
                file.write(old)
            deployment.start_server()
            client = deployment.wire()
            with self.assertRaises(Refused) as caught:
                client.call("AuthService/Refresh",
                            refresh_token=fresh["refresh_token"])
            self.assertEqual(messages.TOKEN_REVOKED, caught.exception.reason)
            client.close()
