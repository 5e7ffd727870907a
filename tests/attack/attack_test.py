"""Thousands of spoiled connections on every listener, and calls go on.

The echo servers show that these are the attacks of nng issue 1518: the stock
library falls silent under them for good, the cured one does not.

ATTACKS in the environment says how many of each kind the real server gets;
10000 is the number that counts, fewer make a quick run.
"""

import os
import shutil
import struct
import subprocess
import tempfile
import threading
import unittest

from tests.attack.attacker import ATTACKS_IPC, ATTACKS_TLS, Attacker
from tests.support import certificates, programs
from tests.support.deployment import BAD_SIGNS, EMAIL, PASSWORD, Deployment
from tests.wire import wire_client

COUNT = int(os.environ.get("ATTACKS", "1000"))
THREADS = 8
# The attacks after which the stock library is known to be silent.
DEADLY_TLS, DEADLY_IPC = "hello_then_reset", "close"
DEADLY_COUNT = 3000
# How long an echo may take. Only the stock server, which never answers
# again, makes the test wait so long.
ECHO_PATIENCE_S = 15


def attack(make_attacker, name, count):
    """Attacks count times, from several threads at once."""
    failures = []

    def work(share):
        attacker = make_attacker()
        try:
            for _ in range(share):
                getattr(attacker, name)()
        except OSError as error:
            failures.append(error)
        finally:
            attacker.let_go()
    threads = [threading.Thread(target=work, args=(count // THREADS,))
               for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


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
add_attack("service", DEADLY_TLS)
for attack_name in ATTACKS_IPC:
    add_attack("local", attack_name)


class EchoServer:
    """An echo server over tls+tcp or ipc, stock or cured."""

    def __init__(self, test, kind, transport):
        folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        test.addCleanup(shutil.rmtree, folder)
        argv = [programs.path("ECHO_SERVER_" + kind.upper())]
        self.path = self.port = self.context = None
        if transport == "ipc":
            self.path = os.path.join(folder, "e")
            argv += ["ipc://" + self.path]
        else:
            authority = certificates.Authority(folder, "ca")
            argv += ["tls+tcp://127.0.0.1:0",
                     *authority.issue("latchkeyd", "server")]
            self.context = wire_client.tls_context(authority.cert)
        self.child = subprocess.Popen(argv, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.end)
        ready = self.child.stdout.readline().split()
        if ready[:1] != ["ready"]:
            raise RuntimeError(self.child.stderr.read())
        if transport != "ipc":
            self.port = int(ready[1])

    def end(self):
        self.child.kill()
        _, said = self.child.communicate()
        for sign in BAD_SIGNS:
            if sign in said:
                raise AssertionError(said)

    def attacker(self):
        return Attacker(port=self.port, path=self.path)

    def echoes(self):
        """Whether a new connection gets its message back."""
        try:
            if self.path:
                stream = wire_client.connect_ipc(self.path, ECHO_PATIENCE_S)
            else:
                stream = wire_client.connect_tls(self.port, self.context,
                                                 ECHO_PATIENCE_S)
            stream.greet()
            body = struct.pack(">I", 0x80000001) + b"hello"
            stream.send(body)
            answer = stream.receive()
            stream.close()
            return answer == body
        except (OSError, wire_client.Closed):
            return False


class LibraryTest(unittest.TestCase):
    """The cure in bazel/nng.bzl is needed, and it is enough."""

    def outlives(self, kind, transport, name):
        server = EchoServer(self, kind, transport)
        self.assertTrue(server.echoes())
        # In rounds, so that the stock library's end is soon seen.
        for _ in range(10):
            attacker = server.attacker()
            for _ in range(DEADLY_COUNT // 10):
                getattr(attacker, name)()
            if not server.echoes():
                return False
        return True

    def test_the_stock_library_falls_silent_over_tls(self):
        self.assertFalse(self.outlives("stock", "tls", DEADLY_TLS))

    def test_the_cured_library_answers_on_over_tls(self):
        self.assertTrue(self.outlives("cured", "tls", DEADLY_TLS))

    def test_the_stock_library_falls_silent_over_ipc(self):
        self.assertFalse(self.outlives("stock", "ipc", DEADLY_IPC))

    def test_the_cured_library_answers_on_over_ipc(self):
        self.assertTrue(self.outlives("cured", "ipc", DEADLY_IPC))
