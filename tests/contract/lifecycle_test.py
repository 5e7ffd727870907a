"""Starting and stopping: taken ports, transports, reloading, bad settings."""

import os
import signal
import socket
import unittest

from tests.support import process, programs
from tests.support.certificates import Authority
from tests.support.deployment import Deployment
from tests.support.process import repeat_until
from tests.wire import wire_client


class StartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment().start()
        cls.addClassCleanup(cls.deployment.close)

    def serve_gateway(self, **settings):
        """Runs a second gateway to its end; returns (status, text)."""
        env = self.deployment.gateway_environment()
        env.update({k: v for k, v in programs.environment(settings).items()
                    if k.startswith("LATCHKEY_")})
        status, out, err = process.run(
            [programs.gateway(), "serve", "--home", self.deployment.home],
            env=env)
        return status, (out + err).strip()

    def assert_refused(self, said, *words):
        status, text = said
        self.assertEqual(1, status, text)
        self.assertEqual(1, len(process.sentences(text)), text)
        for word in words:
            self.assertIn(word, text)

    def test_a_second_gateway_on_the_same_port_is_refused(self):
        self.assert_refused(self.serve_gateway(),
                            str(self.deployment.http_port), "has that port")
        self.assertEqual(200, self.deployment.get("/readyz").status)

    def test_a_port_of_another_program_is_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            number = taken.getsockname()[1]
            self.assert_refused(self.serve_gateway(
                **{"gateway.listen": "127.0.0.1:%d" % number}),
                str(number), "has that port")

    def test_plain_http_for_the_whole_world_is_refused(self):
        self.assert_refused(self.serve_gateway(
            **{"gateway.listen": "0.0.0.0:18000"}), "behind_tls_proxy")

    def test_an_rpc_port_that_is_taken_is_refused(self):
        other = Deployment()
        self.addCleanup(other.close)
        other.create()
        other.front_port = self.deployment.front_port
        status, out, err = other.command("serve")
        self.assert_refused((status, (out + err).strip()),
                            str(self.deployment.front_port), "in use")

    def test_bad_gateway_settings_are_named(self):
        for settings, words in (
                ({"gateway.listen": "nonsense"},
                 ("gateway.listen", "nonsense")),
                ({"server.timeout_ms": "0"}, ("LATCHKEY_SERVER_TIMEOUT_MS",)),
                ({"limits.body_max": "x"}, ("LATCHKEY_LIMITS_BODY_MAX",)),
                ({"gateway.profiles": "django-auth,nonsense"},
                 ("nonsense",)),
                ({"server.ca": "/nowhere.crt"}, ("/nowhere.crt",))):
            with self.subTest(settings=settings):
                self.assert_refused(self.serve_gateway(**settings), *words)

    def test_profiles_can_be_switched_off(self):
        other = Deployment(gateway={"gateway.profiles":
                                    "simplejwt,operations"})
        self.addCleanup(other.close)
        other.create().start_server().start_gateway()
        self.assertEqual(400, other.post("/api/token/", {}).status)
        self.assertEqual(400, other.post("/api/token/refresh/", {}).status)
        for path in ("/api/auth/login/", "/login/", "/token/refresh/"):
            self.assertEqual(404, other.post(path, {}).status)


class ReloadTest(unittest.TestCase):
    """SIGHUP: new certificates and the log level, without a pause."""

    def setUp(self):
        self.deployment = Deployment()
        self.addCleanup(self.deployment.close)
        self.deployment.create().start_server()

    def serial(self):
        """The certificate that the front listener shows."""
        stream = wire_client.connect_tls(self.deployment.front_port,
                                         self.deployment.tls_context())
        shown = stream.sock.getpeercert(binary_form=True)
        stream.close()
        return shown

    def test_a_new_certificate_is_shown_after_sighup(self):
        old, held = self.serial(), self.deployment.wire("front")
        pki = self.deployment.path("pki")
        files = Authority(pki, "front-ca", make_it=False).issue(
            "latchkeyd", "server", folder=self.deployment.folder)
        for path, name in zip(files, ("front-server.crt",
                                      "front-server.key")):
            os.replace(path, os.path.join(pki, name))
        self.assertEqual(old, self.serial())
        self.deployment.server.signal(signal.SIGHUP)
        repeat_until(lambda: self.serial() != old, "a new certificate")
        self.assertEqual(1, held.call("HealthService/Check")["status"])
        held.close()

    def test_a_bad_certificate_leaves_the_old_one(self):
        old = self.serial()
        path = self.deployment.path("pki", "front-server.crt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("junk")
        self.deployment.server.signal(signal.SIGHUP)
        self.deployment.server.wait_for(
            lambda p: [line for line in p.log().split("\n")
                       if "level=error" in line], "an error")
        self.assertEqual(old, self.serial())

    def test_the_log_level_is_read_again(self):
        with open(self.deployment.path("latchkeyd.conf"), "a",
                  encoding="utf-8") as file:
            file.write('\nlog { level = "debug" }\n')
        self.deployment.server.signal(signal.SIGHUP)

        def is_verbose():
            client = self.deployment.wire()
            client.call("HealthService/Check")
            client.close()
            return self.deployment.server.events("call", code="OK")
        repeat_until(is_verbose, "a debug line")
