"""latchkeyd outlives thousands of spoiled connections on every listener.

ATTACKS in the environment says how many of each kind it gets; 10000 is the
number that counts, fewer make a quick run.
"""

import os
import unittest

from tests.attack.attacker import ATTACKS_IPC, ATTACKS_TLS, Attacker, attack
from tests.support.deployment import EMAIL, PASSWORD, Deployment

COUNT = int(os.environ.get("ATTACKS", "1000"))


class ServerTest(unittest.TestCase):
    """latchkeyd outlives every attack on every listener."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.create().start_server()

    def make_attacker(self, listener):
        return {
            "front": lambda: Attacker(port=self.deployment.front_port),
            "service": lambda: Attacker(port=self.deployment.service_port),
            "local": lambda: Attacker(path=self.deployment.ipc_path),
        }[listener]

    def assert_works(self):
        """Real calls on every listener are answered."""
        for listener in ("front", "service", "local"):
            client = self.deployment.wire(listener)
            pair = client.call("AuthService/Authenticate", identifier=EMAIL,
                               password=PASSWORD)
            client.call("AccountService/GetMe",
                        access_token=pair["access_token"])
            client.close()


def add_attack(listener, name):
    def test(self):
        held = self.deployment.wire(listener)  # there before the attack
        self.assertEqual(
            [], attack(self.make_attacker(listener), name, COUNT))
        self.assertEqual(1, held.call("HealthService/Check")["status"])
        held.close()
        self.assert_works()
    setattr(ServerTest, "test_%s_on_%s_is_outlived" % (name, listener), test)


for attack_name in ATTACKS_TLS:
    add_attack("front", attack_name)
add_attack("service", "hello_then_reset")
for attack_name in ATTACKS_IPC:
    add_attack("local", attack_name)
