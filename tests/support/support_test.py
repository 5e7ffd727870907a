"""What the process tests stand on holds by itself."""

import hashlib
import os
import shutil
import ssl
import tempfile
import unittest

from tests.support import certificates, http_client, jwt, p256, port, process
from tests.support.canned_server import CannedServer


class SupportTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder)

    def answer(self, data):
        """Serves one connection with fixed bytes; returns the port."""
        server = CannedServer(data)
        self.addCleanup(server.close)
        return server.port

    def test_an_answer_keeps_status_headers_and_body(self):
        number = self.answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 405 No\r\n"
                             b"Allow: POST, OPTIONS\r\nContent-Length: 2\r\n"
                             b"\r\n{}")
        response = http_client.request(number, "GET", "/")
        self.assertEqual(405, response.status)
        self.assertEqual("POST, OPTIONS", response.header("allow"))
        self.assertEqual({}, response.json())

    def test_an_answer_cut_short_is_no_answer(self):
        number = self.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        with self.assertRaises(http_client.NoAnswer):
            http_client.request(number, "GET", "/")

    def test_the_known_hs256_token_is_signed_alike(self):
        # RFC 7515, A.1, with its octets; only the signing is compared.
        secret = jwt.from_b64url(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
            "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        token = jwt.hs256({"alg": "HS256"}, {"a": 1}, secret)
        again = jwt.hs256({"alg": "HS256"}, {"a": 1}, secret)
        self.assertEqual(token, again)
        self.assertEqual({"a": 1}, jwt.claims(token))
        self.assertNotEqual(token, jwt.with_broken_signature(token))

    def test_the_es256_example_of_rfc_7515_is_good_and_a_bent_one_is_not(self):
        jwk = {"x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
               "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        signed = ("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4"
                  "MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ")
        token = signed + (".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDx"
                          "w5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
        self.assertTrue(jwt.es256_is_good(token, jwk, p256.verify))
        bent = jwt.with_broken_signature(token)
        self.assertFalse(jwt.es256_is_good(bent, jwk, p256.verify))

    def test_log_lines_are_read_with_quotes(self):
        self.assertEqual(
            {"event": "tls_refused", "reason": "no client certificate",
             "n": "1"},
            process.log_fields(
                'event=tls_refused reason="no client certificate" n=1'))

    def test_a_program_that_ends_early_is_noticed(self):
        program = process.Process(["/bin/sh", "-c", "echo event=a; exit 3"])
        self.addCleanup(program.kill)
        self.assertEqual("a", program.wait_for_event("a")["event"])
        with self.assertRaises(process.ProcessFailed):
            program.wait_for_event("ready")
        self.assertEqual(3, program.wait_end())

    def test_a_stopped_program_is_stopped_when_freeze_returns(self):
        program = process.Process(["/bin/sleep", "1000"])
        self.addCleanup(program.kill)
        program.freeze()
        self.assertIn(program.state(), "Tt")
        program.thaw()

    def test_a_chosen_port_is_free(self):
        self.assertTrue(port.is_free(port.choose()))

    def test_certificates_are_good_expired_and_of_one_authority(self):
        authority = certificates.Authority(self.folder, "one")
        other = certificates.Authority(self.folder, "two")
        good = authority.issue("latchkeyd", "server")
        old = authority.issue("old", "client", -2 * certificates.DAY_S,
                              certificates.DAY_S)
        self.assertTrue(all(os.path.exists(p) for p in good + old))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*good)
        with self.assertRaises(ssl.SSLError):
            context.load_cert_chain(old[0], good[1])
        digests = {hashlib.sha256(open(a.cert, "rb").read()).digest()
                   for a in (authority, other)}
        self.assertEqual(2, len(digests))
