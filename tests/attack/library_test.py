"""The cure in bazel/nng.bzl is needed, and it is enough.

A bare echo server stands under an attack of nng issue 1518, once with the
library as Debian ships it, which falls silent for good, and once with the
cured one. So these are the attacks that matter.
"""

import os
import shutil
import struct
import subprocess
import tempfile
import unittest

from tests.attack.attacker import Attacker
from tests.support import certificates, programs
from tests.support.deployment import BAD_SIGNS
from tests.wire import wire_client

DEADLY_TLS, DEADLY_IPC = "hello_then_reset", "close"
DEADLY_COUNT = 3000
# How long an echo may take. Only the stock server, which never answers
# again, makes the test wait so long.
ECHO_PATIENCE_S = 15


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
