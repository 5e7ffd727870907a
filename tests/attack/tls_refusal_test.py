"""Each bad certificate is refused, and the log of the side that refused says
why in one line."""

import shutil
import socket
import ssl
import tempfile
import threading
import unittest

from tests.support.certificates import DAY_S, Authority
from tests.support.deployment import Deployment
from tests.wire import wire_client


class ServerRefusesTest(unittest.TestCase):
    """latchkeyd refuses clients."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.create().start_server()
        cls.folder = cls.deployment.folder
        pki = cls.deployment.path("pki")
        cls.front = Authority(pki, "front-ca", make_it=False)
        cls.service = Authority(pki, "service-ca", make_it=False)
        cls.stranger = Authority(cls.folder, "stranger")

    def assert_refused(self, listener, files, reason):
        """A client with such a certificate gets nowhere."""
        refused = self.deployment.server.events("tls_refused")
        authority = self.front if listener == "front" else self.service
        port = (self.deployment.front_port if listener == "front"
                else self.deployment.service_port)
        context = wire_client.tls_context(authority.cert, *files)
        with self.assertRaises((OSError, wire_client.Closed)):
            # With TLS 1.2 the handshake itself fails; reading makes sure.
            stream = wire_client.connect_tls(port, context)
            try:
                stream.greet()
            finally:
                stream.close()
        line = self.deployment.server.wait_for(
            lambda p: p.events("tls_refused")[len(refused):],
            "tls_refused")[0]
        self.assertEqual(("server", reason), (line["side"], line["reason"]))
        self.assertEqual(1, self.deployment.wire(listener).call(
            "HealthService/Check")["status"])

    def test_a_client_without_a_certificate_is_refused(self):
        for listener in ("front", "service"):
            self.assert_refused(listener, (), "no client certificate")

    def test_a_client_of_another_authority_is_refused(self):
        for listener in ("front", "service"):
            files = self.stranger.issue("gateway-" + listener,
                                        folder=self.folder)
            self.assert_refused(listener, files, "unknown authority")

    def test_an_expired_certificate_is_refused(self):
        files = self.front.issue("late", "client", -2 * DAY_S, DAY_S,
                                 folder=self.folder)
        self.assert_refused("front", files, "certificate expired")

    def test_a_certificate_that_is_not_valid_yet_is_refused(self):
        files = self.front.issue("early", "client", DAY_S, DAY_S,
                                 folder=self.folder)
        self.assert_refused("front", files, "certificate not valid yet")

    def test_a_servers_certificate_is_no_clients(self):
        files = self.front.issue("poser", "server", folder=self.folder)
        self.assert_refused("front", files, "wrong key usage")

    def test_a_services_certificate_opens_no_front_listener(self):
        self.assert_refused("front", self.deployment.service_certificate(),
                            "unknown authority")

    def test_a_gateways_certificate_opens_no_service_listener(self):
        pki = self.deployment.path("pki")
        self.assert_refused("service", (pki + "/gateway.crt",
                                        pki + "/gateway.key"),
                            "unknown authority")

    def test_an_impostor_of_the_authority_is_refused(self):
        folder = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, folder)
        # The same name on another key.
        impostor = Authority(folder, "latchkey-front-ca")
        self.assert_refused("front", impostor.issue("gateway"),
                            "unknown authority")

    def test_plain_text_is_refused(self):
        before = len(self.deployment.server.events("tls_refused"))
        with socket.create_connection(
                ("127.0.0.1", self.deployment.front_port)) as sock:
            sock.sendall(wire_client.greeting() + bytes(100))
        line = self.deployment.server.wait_for(
            lambda p: p.events("tls_refused")[before:], "tls_refused")[0]
        self.assertEqual("server", line["side"])

    def test_old_and_new_tls_are_refused(self):
        for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_3):
            context = self.deployment.tls_context()
            context.set_ciphers("ALL:@SECLEVEL=0")
            if version == ssl.TLSVersion.TLSv1_1:
                context.minimum_version = version
                context.maximum_version = version
            else:
                context.maximum_version = version
                context.minimum_version = version
            with self.subTest(version=version):
                with self.assertRaises(OSError):
                    wire_client.connect_tls(self.deployment.front_port,
                                            context)


class RogueListener:
    """Accepts TLS connections with a certificate it should not have."""

    def __init__(self, cert, key, ca):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(cert, key)
        self.context.load_verify_locations(ca)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.fooled = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            try:
                raw.settimeout(60)
                with self.context.wrap_socket(raw, server_side=True) as tls:
                    self.fooled.append(tls.recv(1000))
            except OSError:
                raw.close()

    def close(self):
        # A shutdown wakes the accept; a close alone would not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


class ClientRefusesTest(unittest.TestCase):
    """The gateway refuses listeners that pose as latchkeyd."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.create()
        cls.front = Authority(cls.deployment.path("pki"), "front-ca",
                              make_it=False)

    def assert_refused(self, files, reason):
        """A gateway does not talk to a listener with that certificate."""
        rogue = RogueListener(*files, self.front.cert)
        self.addCleanup(rogue.close)
        self.deployment.gateway_settings["server.url"] = (
            "tls+tcp://127.0.0.1:%d" % rogue.port)
        self.deployment.start_gateway(wait_ready=False)
        try:
            line = self.deployment.gateway.wait_for_event("tls_refused")
            self.assertEqual(("client", reason),
                             (line["side"], line["reason"]))
            self.assertEqual(503, self.deployment.get("/readyz").status)
            answer = self.deployment.post(
                "/api/auth/login/", {"email": "a", "password": "b"})
            self.assertEqual(503, answer.status)
            self.assertEqual([], rogue.fooled)
        finally:
            self.deployment.gateway.stop()

    def issue(self, authority, *args):
        folder = tempfile.mkdtemp(dir=self.deployment.folder)
        return authority.issue(*args, folder=folder)

    def test_a_gateways_certificate_is_no_servers(self):
        self.assert_refused(self.issue(self.front, "latchkeyd", "client"),
                            "wrong key usage")

    def test_a_certificate_for_another_name_is_refused(self):
        self.assert_refused(self.issue(self.front, "orders", "server"),
                            "wrong name")

    def test_a_listener_of_another_authority_is_refused(self):
        stranger = Authority(tempfile.mkdtemp(dir=self.deployment.folder),
                             "stranger")
        self.assert_refused(self.issue(stranger, "latchkeyd", "server"),
                            "unknown authority")

    def test_a_listener_of_the_service_authority_is_refused(self):
        service = Authority(self.deployment.path("pki"), "service-ca",
                            make_it=False)
        self.assert_refused(self.issue(service, "latchkeyd", "server"),
                            "unknown authority")

    def test_a_services_own_certificate_is_refused(self):
        self.assert_refused(self.deployment.service_certificate(),
                            "unknown authority")

    def test_an_expired_listener_is_refused(self):
        self.assert_refused(
            self.issue(self.front, "latchkeyd", "server", -2 * DAY_S, DAY_S),
            "certificate expired")
