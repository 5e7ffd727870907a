"""HTTPS: what TLS is spoken, how a certificate is exchanged, and that what
holds over HTTP holds over TLS."""

import json
import os
import signal
import socket
import ssl
import threading
import unittest

from tests.contract.case import check_headers
from tests.contract.limits_test import AMBIGUOUS
from tests.https.tls import NAME, TlsDeployment
from tests.support import http_client, process, programs
from tests.support.deployment import EMAIL, PASSWORD
from tests.support.http_client import UNREADABLE, NoAnswer, encode

LOGIN = "/api/auth/login/"
ME = "/api/auth/users/me/"
JSON = {"Content-Type": "application/json"}
CREDENTIALS = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
HSTS = "Strict-Transport-Security"


class HttpsCase(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.deployment = TlsDeployment(gateway=cls.SETTINGS)
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.start()


class HttpsTest(HttpsCase):
    def test_tls_1_2_and_1_3_are_spoken(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.deployment.connect(version=version) as connection:
                connection.ask("GET", "/healthz")
                self.assertEqual(200, connection.receive().status)
                self.assertEqual(version.name,
                                 connection.sock.version().replace(".", "_"))

    def test_older_tls_is_refused(self):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.assertRaises(ssl.SSLError, msg=version):
                self.deployment.connect(version=version)

    def test_ciphers_without_forward_secrecy_or_authentication_are_refused(
            self):
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA",
                       "ECDHE-ECDSA-AES128-SHA256"):
            context = ssl.create_default_context(
                cafile=self.deployment.authority)
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(cipher)
            with self.subTest(cipher=cipher), \
                    socket.create_connection(
                        ("127.0.0.1", self.deployment.tls_port)) as plain, \
                    self.assertRaises(ssl.SSLError):
                context.wrap_socket(plain, server_hostname=NAME)

    def test_a_login_and_its_token_work_on_one_connection(self):
        with self.deployment.connect() as connection:
            connection.ask("POST", LOGIN, JSON, CREDENTIALS)
            answer = connection.receive()
            self.assertEqual(200, answer.status)
            check_headers(self, answer)
            bearer = {"Authorization": "Bearer " + answer.json()["access"]}
            for _ in range(20):
                connection.ask("GET", ME, bearer)
                self.assertEqual(EMAIL, connection.receive().json()["email"])

    def test_many_clients_at_once_each_get_their_own_answer(self):
        access = self.deployment.login()["access"]
        wrong = []

        def work():
            try:
                with self.deployment.connect() as connection:
                    for _ in range(10):
                        connection.ask(
                            "GET", ME, {"Authorization": "Bearer " + access})
                        if connection.receive().status != 200:
                            wrong.append("status")
            except (OSError, NoAnswer) as error:
                wrong.append(repr(error))

        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], wrong)

    def test_a_request_may_come_in_records_of_a_byte_each(self):
        with self.deployment.connect() as connection:
            connection.expect("POST", LOGIN)
            for byte in encode("POST", LOGIN, JSON, CREDENTIALS):
                connection.send(bytes([byte]))
            self.assertEqual(200, connection.receive().status)

    def test_pipelined_requests_in_one_record_are_all_answered(self):
        with self.deployment.connect() as connection:
            connection.send(encode("GET", "/healthz") * 5)
            for _ in range(5):
                connection.expect("GET", "/healthz")
                self.assertEqual(200, connection.receive().status)

    def test_bodies_of_many_records_are_read_to_their_end(self):
        """What GnuTLS has decrypted already, no event tells of."""
        with self.deployment.connect() as connection:
            for size in (15000, 16384, 33000, 60000, 65000):
                body = json.dumps({"email": EMAIL, "password": PASSWORD,
                                   "more": "x" * size}).encode()
                connection.ask("POST", LOGIN, JSON, body)
                self.assertEqual(200, connection.receive().status)

    def test_answers_that_the_client_is_slow_to_read_are_all_sent(self):
        count = 4000
        with self.deployment.connect() as connection:
            # Ours takes all that is sent; what is answered fills the other's.
            for name, size in ((socket.SO_SNDBUF, 1 << 20),
                               (socket.SO_RCVBUF, 8192)):
                connection.sock.setsockopt(socket.SOL_SOCKET, name, size)
            connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * count)
            for _ in range(count):
                connection.expect("GET", "/healthz")
                self.assertEqual(200, connection.receive().status)

    def test_ambiguous_framing_is_refused_as_over_http(self):
        for name, request in AMBIGUOUS.items():
            for parts in ([request], [bytes([byte]) for byte in request]):
                with self.subTest(name=name, parts=len(parts)), \
                        self.deployment.connect() as connection:
                    try:
                        for part in parts:
                            connection.send(part)
                    except (OSError, ssl.SSLError):
                        pass  # it closes as soon as it is sure
                    connection.expect(*UNREADABLE)
                    answer = connection.receive()
                    self.assertIn(answer.status, (400, 413))
                    self.assertEqual("close", answer.header("Connection"))

    def test_a_body_that_is_too_large_is_refused_in_the_midst_of_it(self):
        body = b"%x\r\n%s\r\n" % (70000, b"x" * 70000)
        with self.deployment.connect() as connection:
            try:
                connection.ask("POST", LOGIN, {
                    **JSON, "Transfer-Encoding": "chunked"}, body)
            except (OSError, ssl.SSLError):
                pass
            answer = connection.receive()
        self.assertEqual(413, answer.status)
        self.assertTrue(answer.json()["detail"])

    def test_plain_http_on_the_port_gets_no_answer(self):
        with http_client.Connection(self.deployment.tls_port) as connection:
            connection.ask("GET", "/healthz")
            with self.assertRaises(NoAnswer):
                connection.receive()

    def test_garbage_and_resets_do_no_harm(self):
        for data in (b"", b"\x16\x03\x01", b"\x00" * 400,
                     b"\x16\x03\x01\x40\x00" + b"\xff" * 300):
            for _ in range(10):
                sock = socket.create_connection(
                    ("127.0.0.1", self.deployment.tls_port))
                sock.sendall(data)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                b"\x01\0\0\0\0\0\0\0")
                sock.close()
        self.assertEqual(200, self.deployment.ask("GET", "/readyz").status)

    def test_hsts_is_sent_over_https_and_not_over_http(self):
        for method, path in (("GET", "/healthz"), ("GET", "/nope/"),
                             ("OPTIONS", LOGIN), ("POST", LOGIN)):
            self.assertEqual("max-age=31536000",
                             self.deployment.ask(method, path).header(HSTS))
        self.assertIsNone(self.deployment.get("/healthz").header(HSTS))

    def test_what_a_client_says_of_itself_is_not_believed(self):
        answer = self.deployment.get("/healthz",
                                     {"X-Forwarded-Proto": "https",
                                      "Forwarded": "proto=https",
                                      "X-Forwarded-For": "192.0.2.7"})
        self.assertIsNone(answer.header(HSTS))
        request_id = answer.header("X-Request-Id")
        self.deployment.gateway.wait_for_event(
            "request", request_id=request_id, peer="127.0.0.1")


class WithoutHttpsBaseTest(HttpsCase):
    SETTINGS = {"gateway.public_base": "http://127.0.0.1:8000"}

    def test_hsts_needs_a_public_base_of_https(self):
        self.assertIsNone(self.deployment.ask("GET", "/healthz").header(HSTS))


class DeadlinesTest(HttpsCase):
    SETTINGS = {"limits.head_timeout_ms": 1000,
                "limits.request_timeout_ms": 1500,
                "limits.idle_timeout_ms": 3600000,
                "limits.connections_max": 4}

    def test_a_handshake_that_never_ends_is_ended(self):
        """Long before limits.idle_timeout_ms, which is an hour here."""
        for data in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01"):
            with socket.create_connection(
                    ("127.0.0.1", self.deployment.tls_port), 60) as sock:
                sock.sendall(data)
                self.assertEqual(b"", sock.recv(1))

    def test_a_head_that_never_ends_is_ended(self):
        for head in (b"", b"GET /", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"):
            with self.subTest(head=head), \
                    self.deployment.connect() as connection:
                connection.send(head)
                self.assertTrue(connection.is_closed())

    def test_a_second_head_that_never_ends_is_ended(self):
        with self.deployment.connect() as connection:
            connection.ask("GET", "/healthz")
            self.assertEqual(200, connection.receive().status)
            connection.send(b"GET /")
            # libmicrohttpd may have read these bytes before an event told of
            # them, and then the connection is idle until the next one.
            process.repeat_until(lambda: self.ends_at(connection, b"x"),
                                 "the end of a second head")

    @staticmethod
    def ends_at(connection, byte):
        """Sends one byte more; whether the other side has had enough."""
        connection.sock.settimeout(0.05)
        try:
            connection.send(byte)
            return connection.sock.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def test_a_body_that_never_ends_is_answered_408(self):
        with self.deployment.connect() as connection:
            connection.ask("POST", LOGIN, {**JSON, "Content-Length": "10"})
            answer = connection.receive()
            self.assertEqual(408, answer.status)
            self.assertTrue(connection.is_closed())

    def test_connections_beyond_the_limit_are_closed(self):
        kept = [self.deployment.connect() for _ in range(4)]
        try:
            with self.assertRaises(OSError):
                self.deployment.connect()
        finally:
            for connection in kept:
                connection.close()
        process.repeat_until(self._answers, "a free place")

    def _answers(self):
        try:
            return self.deployment.ask("GET", "/healthz").status == 200
        except OSError:
            return False


class CertificateTest(unittest.TestCase):
    def setUp(self):
        self.deployment = TlsDeployment()
        self.addCleanup(self.deployment.close)
        self.deployment.start()

    def reload(self, event):
        gateway = self.deployment.gateway
        before = len(gateway.events(event))
        gateway.child.send_signal(signal.SIGHUP)
        gateway.wait_for(lambda p: len(p.events(event)) > before, event)

    def test_a_new_certificate_is_taken_and_no_connection_is_dropped(self):
        first = self.deployment.authority
        with self.deployment.connect() as connection:
            connection.ask("GET", "/healthz")
            self.assertEqual(200, connection.receive().status)
            second = self.deployment.renew("second")
            self.reload("settings_reloaded")
            connection.ask("GET", "/healthz")
            self.assertEqual(200, connection.receive().status)
        with self.deployment.connect(second) as connection:
            connection.ask("GET", "/healthz")
            self.assertEqual(200, connection.receive().status)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.deployment.connect(first)

    def test_a_certificate_may_change_while_clients_shake_hands(self):
        stop = threading.Event()
        wrong = []

        def work():
            while not stop.is_set():
                try:
                    self.deployment.ask("GET", "/healthz")
                except (OSError, NoAnswer) as error:
                    wrong.append(repr(error))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            self.reload("settings_reloaded")
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual([], wrong)

    def test_bad_files_change_nothing(self):
        for name in (self.deployment.cert, self.deployment.key):
            with open(name, "rb") as file:
                good = file.read()
            with open(name, "wb") as file:
                file.write(b"-----BEGIN nothing-----\n")
            self.reload("settings_kept")
            with open(name, "wb") as file:
                file.write(good)
            self.assertEqual(200, self.deployment.ask("GET",
                                                      "/readyz").status)

    def test_a_drain_answers_what_is_in_progress(self):
        with self.deployment.connect() as connection:
            connection.expect("POST", LOGIN)
            head = encode("POST", LOGIN, JSON, CREDENTIALS)
            connection.send(head[:-10])
            # Its head has been read once the connection is older than others.
            self.deployment.ask("GET", "/healthz")
            self.deployment.gateway.child.send_signal(signal.SIGTERM)
            self.deployment.gateway.wait_for_event("draining")
            connection.send(head[-10:])
            answer = connection.receive()
            self.assertEqual(200, answer.status)
            self.assertEqual("close", answer.header("Connection"))
        self.assertEqual(0, self.deployment.gateway.wait_end())

    def check(self, **settings):
        settings = {k.replace("__", "."): v for k, v in settings.items()}
        env = self.deployment.gateway_environment()
        env.update(programs.environment(settings))
        status, out, err = process.run(
            [programs.gateway(), "serve", "--home", self.deployment.home,
             "--check-config"], env=env)
        self.assertEqual(1, len(process.sentences(out + err)), out + err)
        return status, out + err

    def test_check_config_says_what_is_wrong(self):
        other = os.path.join(self.deployment.tls_folder, "second-key.pem")
        self.deployment.renew("second")
        os.rename(self.deployment.key, other)
        self.deployment.renew("third")
        for settings, said in (
                ({"gateway__tls_key": ""}, "gateway.tls_key"),
                ({"gateway__tls_cert": ""}, "gateway.tls_cert"),
                ({"gateway__listen_tls": ""}, "gateway.listen_tls"),
                ({"gateway__listen_tls": "example.com:1"}, "example.com"),
                ({"gateway__tls_key": "/nonexistent"}, "/nonexistent"),
                ({"gateway__tls_key": self.deployment.cert},
                 self.deployment.cert),
                ({"gateway__tls_cert": self.deployment.key},
                 self.deployment.key),
                ({"gateway__tls_key": other}, "not the key"),
                ({"gateway__trusted_proxies": "10.0.0.1/8"},
                 "gateway.trusted_proxies")):
            with self.subTest(settings=settings):
                status, output = self.check(**settings)
                self.assertNotEqual(0, status)
                self.assertIn(said, output)
        self.assertEqual(0, self.check()[0])
