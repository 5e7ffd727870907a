"""Administration from the command line, over a real server."""

import json
import os
import unittest

from tests.support import process, programs
from tests.support.deployment import EMAIL, PASSWORD, Deployment

OK, REFUSED, USAGE, UNREACHABLE, LOGIN, NOT_FOUND = 0, 1, 2, 3, 4, 5
STRONG = "correct horse battery"


class Administration(unittest.TestCase):
    """Each case has a server of its own and the operator logged in."""

    SERVER = {}  # its settings

    def setUp(self):
        self.deployment = Deployment(server=self.SERVER)
        self.addCleanup(self.deployment.close)
        self.deployment.create().start_server()
        url = "tls+tcp://127.0.0.1:%d" % self.deployment.service_port
        self.must("pki", "issue", "operator", "--url", url)
        self.kept = self.deployment.path("clients", "operator", "login.json")
        self.login(EMAIL, PASSWORD)

    def run_it(self, *args, secret=None):
        """Runs latchkeyctl; a secret is what --password-fd reads."""
        argv = [programs.ctl(), *args, "--home", self.deployment.home]
        env = programs.environment({})
        # `doctor` runs latchkeyd, which is not beside latchkeyctl here.
        env["PATH"] = "%s:%s" % (os.path.dirname(programs.server()),
                                 env.get("PATH", os.defpath))
        if secret is None:
            return process.run(argv, env=env)
        reading, writing = os.pipe()
        os.write(writing, secret.encode() + b"\n")
        os.close(writing)
        try:
            return process.run(argv + ["--password-fd", str(reading)],
                               env=env, pass_fds=(reading,))
        finally:
            os.close(reading)

    def must(self, *args, **options):
        status, out, err = self.run_it(*args, **options)
        self.assertEqual(OK, status, err)
        return out

    def answer(self, *args, **options):
        return json.loads(self.must(*args, "--json", **options))

    def refused(self, status, *args, word="", **options):
        code, out, err = self.run_it(*args, **options)
        self.assertEqual((status, ""), (code, out), err)
        self.assertIn(word, err)

    def login(self, identifier, password, status=OK):
        code, out, err = self.run_it("login", "--keep", "--identifier",
                                     identifier, secret=password)
        self.assertEqual((status, ""), (code, out), err)

    def create(self, email, *options, **more):
        return self.answer("users", "create", "--email", email, *options,
                           **more)["user"]


class LongListTest(Administration):
    """Users with all the attributes and names that there is room for."""

    NAMES = ["a%039d" % number for number in range(8)]
    SERVER = {"users.attributes": [name + ":text:user" for name in NAMES]}

    def test_users_with_much_to_say_are_listed(self):
        name = "\U0001f600" * 150
        text = "\U0001f600" * 255  # 8 KiB in eight of them
        attributes = [word for key in self.NAMES
                      for word in ("--attribute", "%s=%s" % (key, text))]
        for number in range(120):
            self.create("u%d@example.com" % number, "--first-name", name,
                        "--last-name", name, *attributes)
        users = self.answer("users", "list")["users"]
        self.assertEqual(50, len(users))
        self.assertEqual({text}, {a["text"] for a in users[-1]["attributes"]})
        self.assertIn("121 in all, page 2",
                      self.must("users", "list", "--page", "2"))
        self.refused(REFUSED, "users", "list", "--page-size", "200",
                     word="page_size: A page of this size is too long")
        self.assertEqual("u119@example.com", self.answer(
            "users", "show", "u119@example.com")["user"]["email"])


class UsersTest(Administration):
    def test_users_are_shown_as_an_aligned_table(self):
        self.create("zoe@example.com", "--first-name", "Zoë", "--inactive")
        lines = self.must("users", "list").splitlines()
        for head, texts in (("EMAIL", (EMAIL, "zoe@example.com")),
                            ("ACTIVE", ("yes", "no"))):
            column = lines[0].index(head)
            for line, text in zip(lines[1:3], texts):
                self.assertTrue(line[column:].startswith(text), line)
        self.assertEqual("2 in all, page 1", lines[-1])

    def test_a_user_is_called_by_id_address_or_username(self):
        user = self.create("bob@example.com", "--username", "bob")
        for name in (str(user["id"]), "BOB@example.com", "bob"):
            shown = self.answer("users", "show", name)["user"]
            self.assertEqual(user["id"], shown["id"])
        self.refused(NOT_FOUND, "users", "show", "nobody", word="nobody")
        self.refused(NOT_FOUND, "users", "show", "999", word="NOT_FOUND")

    def test_a_user_is_created_changed_and_deleted(self):
        self.must("roles", "create", "Fleet")
        user = self.create("bob@example.com", "--role", "Fleet", "--inactive",
                           "--staff", secret=STRONG)
        self.assertEqual(["Fleet"], user["roles"])
        self.assertFalse(user["is_active"])
        self.assertTrue(user["is_staff"])
        user = self.answer("users", "update", "bob@example.com",
                           "--last-name", "Kahn", "--staff", "no",
                           "--no-roles", "--active", "yes")["user"]
        self.assertEqual(("Kahn", False, [], True),
                         (user["last_name"], user["is_staff"],
                          user["roles"], user["is_active"]))
        user = self.answer("users", "set-roles", "bob@example.com",
                           "Fleet")["user"]
        self.assertEqual(["Fleet"], user["roles"])
        self.assertEqual("deleted\n", self.must("users", "delete",
                                                "bob@example.com"))
        self.refused(NOT_FOUND, "users", "delete", str(user["id"]))

    def test_without_a_password_an_invitation_is_sent(self):
        self.create("new@example.com")
        sent = self.deployment.server.wait_for_event("mail")
        self.assertEqual(("new@example.com", "invitation"),
                         (sent["to"], sent["template"]))

    def test_a_weak_password_is_warned_of(self):
        status, _, err = self.run_it("users", "create", "--email",
                                     "bob@example.com", secret="1234")
        self.assertEqual(OK, status)
        self.assertIn("warning: This password is too short.", err)

    def test_bad_fields_are_named(self):
        self.refused(REFUSED, "users", "create", "--email", "nobody",
                     word="email: Enter a valid email address.")

    def test_who_is_deactivated_cannot_log_in_until_activated(self):
        self.create("bob@example.com", secret=STRONG)
        self.must("users", "deactivate", "bob@example.com")
        self.login("bob@example.com", STRONG, status=REFUSED)
        self.must("users", "activate", "bob@example.com")
        self.login("bob@example.com", STRONG)

    def test_the_last_superuser_stays(self):
        self.refused(REFUSED, "users", "deactivate", EMAIL,
                     word="LAST_SUPERUSER")

    def test_staff_are_kept_within_their_rank(self):
        self.create("clerk@example.com", "--staff", secret=STRONG)
        self.login("clerk@example.com", STRONG)
        self.refused(REFUSED, "users", "update", "clerk@example.com",
                     "--superuser", "yes", word="RANK_TOO_LOW")
        self.refused(REFUSED, "users", "delete", EMAIL, word="RANK_TOO_LOW")
        self.refused(REFUSED, "roles", "create", "Mine", word="ROLE_MISSING")


class RolesTest(Administration):
    def test_a_role_is_created_changed_and_deleted(self):
        role = self.answer("roles", "create", "Fleet", "--permission", "b",
                           "--permission", "a", "--description",
                           "drives")["role"]
        self.assertEqual(["a", "b"], role["permissions"])
        self.assertIn("Fleet  drives       a, b", self.must("roles", "list"))
        role = self.answer("roles", "update", "Fleet",
                           "--no-permissions")["role"]
        self.assertEqual(("drives", []),
                         (role["description"], role["permissions"]))
        self.must("users", "set-roles", EMAIL, "Fleet")
        self.must("roles", "delete", "Fleet")
        self.assertEqual([], self.answer("users", "show", EMAIL)["user"]
                         ["roles"])
        self.refused(NOT_FOUND, "roles", "show", "Fleet")


class SessionsTest(Administration):
    def test_sessions_are_listed_and_ended(self):
        self.create("bob@example.com", secret=STRONG)
        self.must("login", "--identifier", "bob@example.com", secret=STRONG)
        theirs = self.answer("sessions", "list", "--user",
                             "bob@example.com")["sessions"]
        self.assertEqual(1, len(theirs))
        self.assertFalse(theirs[0]["current"])
        self.assertIn("latchkeyctl", theirs[0]["device"])
        self.must("sessions", "end", theirs[0]["id"])
        self.refused(NOT_FOUND, "sessions", "end", theirs[0]["id"])
        own = self.answer("sessions", "list")["sessions"]
        self.assertEqual([True], [one["current"] for one in own])

    def test_end_others_spares_this_login(self):
        self.must("login", "--identifier", EMAIL, secret=PASSWORD)
        self.assertEqual("1 ended\n", self.must("sessions", "end-others"))
        self.must("sessions", "list")


class LoginTest(Administration):
    def test_the_kept_login_is_its_owners_alone(self):
        self.assertEqual(0o600, os.stat(self.kept).st_mode & 0o777)
        os.chmod(self.kept, 0o640)
        self.refused(USAGE, "users", "list", word="chmod 600")

    def test_logout_ends_the_session_and_forgets_it(self):
        with open(self.kept, encoding="utf-8") as file:
            kept = file.read()
        self.must("logout")
        self.assertFalse(os.path.exists(self.kept))
        self.refused(LOGIN, "users", "list", word="log in")
        self.refused(LOGIN, "logout")
        with os.fdopen(os.open(self.kept, os.O_WRONLY | os.O_CREAT, 0o600),
                       "w", encoding="utf-8") as file:
            file.write(kept)
        self.refused(LOGIN, "users", "list", word="TOKEN_REVOKED")

    def test_an_access_token_about_to_expire_is_renewed(self):
        with open(self.kept, encoding="utf-8") as file:
            kept = json.load(file)
        kept["access_token"] = "gone"
        kept["access_expires_at"] = 0
        with open(self.kept, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        self.must("users", "list")
        with open(self.kept, encoding="utf-8") as file:
            self.assertNotEqual("gone", json.load(file)["access_token"])

    def test_a_token_may_come_from_elsewhere(self):
        with open(self.kept, encoding="utf-8") as file:
            token = json.load(file)["access_token"]
        self.must("logout")
        path = os.path.join(self.deployment.folder, "token")
        with open(path, "w", encoding="utf-8") as file:
            file.write(token)
        self.refused(LOGIN, "users", "list", "--access-token", "@" + path,
                     word="TOKEN_REVOKED")

    def test_wrong_usage_is_told_apart(self):
        for args in (("users",), ("users", "dance"), ("users", "show"),
                     ("users", "list", "more"),
                     ("users", "list", "--active", "maybe"),
                     ("roles", "create"), ("doctor", "more")):
            self.refused(USAGE, *args)


class SetPasswordTest(Administration):
    def set_password(self, identifier, password):
        reading, writing = os.pipe()
        os.write(writing, password.encode())
        os.close(writing)
        try:
            return self.deployment.command(
                "set-password", "--identifier", identifier, "--password-fd",
                str(reading), pass_fds=(reading,))
        finally:
            os.close(reading)

    def test_a_locked_out_operator_gets_back_in(self):
        status, _, err = self.set_password(EMAIL.upper(), STRONG)
        self.assertEqual(0, status, err)
        self.refused(LOGIN, "users", "list", word="TOKEN_REVOKED")
        self.login(EMAIL, PASSWORD, status=REFUSED)
        self.login(EMAIL, STRONG)
        self.must("users", "list")

    def test_who_is_unknown_or_has_no_password_is_told(self):
        status, _, err = self.set_password("nobody", STRONG)
        self.assertEqual(1, status)
        self.assertIn("nobody has this", err)
        status, _, err = self.set_password(EMAIL, "")
        self.assertEqual(1, status)
        self.assertIn("password", err)


class DoctorTest(Administration):
    def findings(self, *args, status=OK):
        code, out, err = self.run_it("doctor", "--json", *args)
        self.assertEqual(status, code, out + err)
        return [json.loads(line) for line in out.splitlines()]

    def test_a_good_deployment_is_well(self):
        found = self.findings()
        self.assertEqual(set(), {one["what"] for one in found
                                 if one["level"] == "fail"})
        self.assertLess({"server", "files", "clock", "store", "mail",
                         "pki/front-server.crt"},
                        {one["what"] for one in found})

    def test_a_fault_is_told_and_ends_with_one(self):
        os.chmod(self.deployment.path("pki", "front-ca.key"), 0o644)
        self.deployment.stop_server()
        found = self.findings("--timeout", "500", status=1)
        self.assertEqual({"pki/front-ca.key", "server"},
                         {one["what"] for one in found
                          if one["level"] == "fail"})

    def test_a_test_mail_is_sent(self):
        found = self.findings("--mail-to", "ada@example.com")
        self.assertIn("accepted", [one["detail"] for one in found
                                   if one["what"] == "mail"][0])
        self.assertEqual(1, len(os.listdir(
            self.deployment.path("mail", "new"))))
