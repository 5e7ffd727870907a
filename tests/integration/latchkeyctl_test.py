"""latchkeyctl against a real server, as its --help says."""

import base64
import json
import os
import unittest

from tests.support import pictures, process, programs
from tests.support.deployment import EMAIL, PASSWORD, Deployment

OK, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3
METHODS = {
    "latchkey.v1.AccountService/GetMe", "latchkey.v1.AuthService/Authenticate",
    "latchkey.v1.AuthService/Logout", "latchkey.v1.AuthService/Refresh",
    "latchkey.v1.AuthService/VerifyToken", "latchkey.v1.HealthService/Check",
    "latchkey.v1.KeyService/GetJwks",
}


def encode(data):
    """Bytes as they stand in a request and an answer."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class LatchkeyctlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.create().start_server()
        cls.url = "tls+tcp://127.0.0.1:%d" % cls.deployment.service_port
        cls.out = os.path.join(cls.deployment.folder, "billing")
        status, said, err = cls.run_it("pki", "issue", "billing", "--home",
                                       cls.deployment.home, "--out", cls.out,
                                       "--url", cls.url)
        if status != 0:
            raise process.ProcessFailed(said + err)
        cls.conf = os.path.join(cls.out, "client.conf")

    @staticmethod
    def run_it(*args, text="", pass_fds=()):
        return process.run([programs.ctl(), *args], text=text,
                           pass_fds=pass_fds, env=programs.environment({}))

    def must(self, *args, **options):
        """Runs a command on the configuration; returns its JSON."""
        status, out, err = self.run_it(*args, "--config", self.conf,
                                       **options)
        self.assertEqual(OK, status, err)
        return json.loads(out)

    def refused(self, status, *args, text="", word=""):
        code, out, err = self.run_it(*args, text=text)
        self.assertEqual(status, code, out + err)
        self.assertEqual("", out)
        self.assertIn(word, err)

    def login(self):
        reading, writing = os.pipe()
        os.write(writing, PASSWORD.encode() + b"\n")
        os.close(writing)
        try:
            return self.must("login", "--identifier", EMAIL, "--password-fd",
                             str(reading), pass_fds=(reading,))
        finally:
            os.close(reading)

    def write(self, text):
        path = os.path.join(self.deployment.folder, self.id())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return "@" + path

    def test_login_prints_tokens_and_user(self):
        answer = self.login()
        self.assertEqual(EMAIL, answer["user"]["email"])
        self.assertEqual(2, answer["access_token"].count("."))

    def test_a_wrong_password_ends_with_one_and_says_why(self):
        reading, writing = os.pipe()
        os.write(writing, b"wrong")
        os.close(writing)
        status, out, err = self.run_it(
            "login", "--identifier", EMAIL, "--password-fd", str(reading),
            "--config", self.conf, pass_fds=(reading,))
        os.close(reading)
        self.assertEqual((REFUSED, ""), (status, out))
        self.assertIn("CREDENTIALS_INVALID", err)

    def test_call_takes_json_from_standard_input(self):
        answer = self.must("call", "Authenticate", "-", text=json.dumps(
            {"identifier": EMAIL, "password": PASSWORD}))
        self.assertEqual(EMAIL, answer["user"]["email"])

    def test_call_takes_json_from_a_file_and_a_full_name(self):
        path = self.write(json.dumps({"identifier": EMAIL,
                                      "password": PASSWORD}))
        answer = self.must("call", "latchkey.v1.AuthService/Authenticate",
                           path)
        refreshed = self.must("call", "Refresh", "-", text=json.dumps(
            {"refresh_token": answer["refresh_token"]}))
        self.assertIn("access_token", refreshed)

    def test_call_works_on_behalf_of_a_token(self):
        token = self.write(self.login()["access_token"])
        answer = self.must("call", "GetMe", "--access-token", token)
        self.assertEqual(EMAIL, answer["user"]["email"])

    def test_call_carries_a_picture_of_256_kib_there_and_back(self):
        room = 256 * 1024 - len(pictures.png()) - 12
        picture = pictures.png(extra=pictures.chunk(b"IDAT", b"x" * room))
        token = self.write(self.login()["access_token"])
        answer = self.must(
            "call", "SetAvatar", "-", "--access-token", token,
            text=json.dumps({"image": encode(picture)}))
        prefix = "/media/avatars/"
        self.assertTrue(answer["user"]["avatar"].startswith(prefix))
        shown = self.must("call", "GetAvatar", "-", text=json.dumps(
            {"path": answer["user"]["avatar"][len(prefix):]}))
        self.assertEqual({"image": encode(picture),
                          "media_type": "image/png"}, shown)

    def test_call_without_a_request_is_an_empty_one(self):
        answer = self.must("call", "HealthService/Check")
        self.assertEqual("SERVING_STATUS_SERVING", answer["status"])

    def test_an_unknown_member_is_named(self):
        self.refused(USAGE, "call", "Authenticate", "-", "--config",
                     self.conf, text='{"identifier":"a","pin":1}',
                     word="pin")

    def test_an_unknown_method_is_named(self):
        self.refused(USAGE, "call", "Guess", "-", "--config", self.conf,
                     text="{}", word="Guess")

    def test_methods_lists_every_method(self):
        status, out, _ = self.run_it("methods")
        self.assertEqual(OK, status)
        listed = {line.split()[0] for line in out.splitlines()}
        self.assertEqual(set(), METHODS - listed)
        # A column begins in the same place on each line.
        for column in (1, 2):
            self.assertEqual(1, len({line.index(f" {line.split()[column]}")
                                     for line in out.splitlines()}))

    def test_token_inspect_shows_claims_and_warns(self):
        token = self.login()["access_token"]
        status, out, err = self.run_it("token", "inspect", text=token)
        self.assertEqual(OK, status)
        self.assertIn('"token_type"', out)
        self.assertIn("verif", (out + err).lower())
        self.assertNotIn(token.rsplit(".", 1)[1], out)

    def test_token_inspect_verify_asks_the_server(self):
        token = self.login()["access_token"]
        answer = self.must("token", "inspect", "--verify", text=token)
        self.assertEqual("TOKEN_TYPE_ACCESS", answer["type"])
        self.refused(REFUSED, "token", "inspect", "--verify", "--config",
                     self.conf, text=token[:-4] + "AAAA",
                     word="TOKEN_INVALID")

    def test_a_name_is_issued_once(self):
        key = os.path.join(self.out, "billing.key")
        self.assertEqual(0o600, os.stat(key).st_mode & 0o777)
        with open(key, "rb") as file:
            before = file.read()
        status, _, err = self.run_it("pki", "issue", "billing", "--home",
                                     self.deployment.home, "--out", self.out)
        self.assertNotEqual(OK, status)
        self.assertIn("billing", err)
        with open(key, "rb") as file:
            self.assertEqual(before, file.read())

    def test_a_bad_name_is_refused(self):
        self.refused(USAGE, "pki", "issue", "../evil", "--home",
                     self.deployment.home, word="name")

    def test_nobody_there_ends_with_three(self):
        out = os.path.join(self.deployment.folder, "lost")
        status, _, err = self.run_it(
            "pki", "issue", "lost", "--home", self.deployment.home, "--out",
            out, "--url", "tls+tcp://127.0.0.1:1")
        self.assertEqual(OK, status, err)
        self.refused(UNREACHABLE, "call", "Check", "--timeout", "500",
                     "--config", os.path.join(out, "client.conf"))

    def test_help_is_there_for_every_command(self):
        for args in ((), ("login",), ("call",), ("methods",),
                     ("token", "inspect"), ("pki", "issue")):
            status, out, _ = self.run_it(*args, "--help")
            self.assertEqual(OK, status)
            self.assertIn("Usage: latchkeyctl", out)

    def test_no_command_or_a_wrong_one_is_wrong_usage(self):
        self.refused(USAGE)
        self.refused(USAGE, "dance", word="dance")
