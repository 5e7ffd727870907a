"""The store from the outside: full, damaged, backed up, restored."""

import glob
import os
import shutil
import threading
import unittest

from tests.contract.case import check_headers
from tests.support import process
from tests.support.deployment import EMAIL, PASSWORD, Deployment
from tests.support.process import repeat_until
from tests.wire import messages as m
from tests.wire.wire_client import Refused

ME = "/api/auth/users/me/"
LOGIN = "/api/auth/login/"
REFRESH = "/api/auth/token/refresh/"
GOOD = {"email": EMAIL, "password": PASSWORD}


def bearer(pair):
    return {"Authorization": "Bearer " + pair["access"]}


class FullTest(unittest.TestCase):
    def fill(self, deployment):
        """Logs in until the store is full; returns how that was refused."""
        refusals = []

        def work():
            client = deployment.wire()
            while not refusals:
                try:
                    client.call("AuthService/Authenticate",
                                user_agent="x" * 512, identifier=EMAIL,
                                password=PASSWORD)
                except Refused as refusal:
                    refusals.append(refusal)
            client.close()
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return refusals[0]

    def test_a_full_store_refuses_writes_alone_and_may_be_enlarged(self):
        settings = {"store.size_max_mib": 1}
        with Deployment(server=settings) as deployment:
            deployment.start()
            pair = deployment.login()
            refusal = self.fill(deployment)
            self.assertEqual((m.RESOURCE_EXHAUSTED, m.STORE_FULL),
                             (refusal.code, refusal.reason))
            # Where a long record does not fit, a few short ones still may.
            answer = deployment.post(LOGIN, GOOD)
            while answer.status == 200:
                answer = deployment.post(LOGIN, GOOD)
            self.assertEqual(503, answer.status, answer)
            self.assertEqual('{"detail":"Service unavailable."}',
                             answer.text())
            check_headers(self, answer)
            # Reads go on.
            self.assertEqual(200, deployment.get(ME, bearer(pair)).status)
            self.assertEqual(200, deployment.post(
                REFRESH, {"refresh": pair["refresh"]}).status)
            self.assertEqual(200, deployment.get("/readyz").status)
            self.assertEqual(401, deployment.post(
                LOGIN, dict(GOOD, password="wrong")).status)
            deployment.server.wait_for_event("store_failed", level="error")
            deployment.server_settings["store.size_max_mib"] = 16
            deployment.restart_server()
            self.assertEqual(200, deployment.get(ME, bearer(pair)).status)
            deployment.login()


class DamageTest(unittest.TestCase):
    """A damaged state directory is refused at start with one sentence."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.create()

    def setUp(self):
        self.saved = self.deployment.home + ".saved"
        shutil.copytree(self.deployment.home, self.saved)
        self.addCleanup(self.restore)

    def restore(self):
        shutil.rmtree(self.deployment.home)
        os.rename(self.saved, self.deployment.home)

    def assert_refused(self, *words):
        status, out, err = self.deployment.command("serve")
        said = (out + err).strip()
        self.assertEqual(1, status, said)
        self.assertEqual(1, len(process.sentences(said)), said)
        for word in words:
            self.assertIn(word, said)

    def data(self):
        return self.deployment.path("data", "data.mdb")

    def test_a_store_of_junk_is_refused(self):
        with open(self.data(), "wb") as file:
            file.write(os.urandom(65536))
        self.assert_refused("data", "backup")

    def test_a_truncated_store_is_refused(self):
        os.truncate(self.data(), 12288)
        self.assert_refused("data", "backup")

    def test_an_empty_meta_page_is_refused_or_survived(self):
        with open(self.data(), "r+b") as file:
            file.write(bytes(8192))
        self.assert_refused("data")

    def test_a_master_key_that_others_may_read_is_refused(self):
        os.chmod(self.deployment.path("master.key"), 0o444)
        self.assert_refused("master.key", "400")

    def test_a_missing_master_key_is_refused(self):
        os.remove(self.deployment.path("master.key"))
        self.assert_refused("master.key")

    def test_another_master_key_is_refused(self):
        other = Deployment()
        self.addCleanup(other.close)
        other.create()
        path = self.deployment.path("master.key")
        os.remove(path)
        shutil.copy2(other.path("master.key"), path)
        self.assert_refused("key")

    def test_a_missing_certificate_is_refused(self):
        os.remove(self.deployment.path("pki", "front-server.crt"))
        self.assert_refused("front-server.crt")

    def test_a_directory_that_is_no_state_directory_is_refused(self):
        os.remove(self.deployment.path("latchkey-state"))
        self.assert_refused(self.deployment.home)

    def test_a_bad_setting_is_named_with_file_and_line(self):
        with open(self.deployment.path("latchkeyd.conf"), "a",
                  encoding="utf-8") as file:
            file.write("nonsense = 1\n")
        self.assert_refused("latchkeyd.conf", "nonsense")

    def test_a_bad_variable_is_named(self):
        settings = self.deployment.server_settings
        settings["store.size_max_mib"] = "much"
        try:
            self.assert_refused("LATCHKEY_STORE_SIZE_MAX_MIB")
        finally:
            del settings["store.size_max_mib"]


class BackupTest(unittest.TestCase):
    def test_a_backup_made_while_serving_restores_its_sessions(self):
        """By the command, with logins before, during and after it."""
        self.play(self.restore)

    def test_a_backup_can_be_restored_by_hand(self):
        self.play(self.restore_by_hand)

    def play(self, restore):
        with Deployment(server={"sessions.rotate": True,
                                "sessions.grace_ms": 0}) as deployment:
            deployment.start()
            before = deployment.login()
            path = os.path.join(deployment.folder, "backup.mdb")
            stop = threading.Event()

            def load():
                while not stop.is_set():
                    deployment.login()
            writers = [threading.Thread(target=load) for _ in range(2)]
            for writer in writers:
                writer.start()
            try:
                deployment.must("backup", path)
            finally:
                stop.set()
                for writer in writers:
                    writer.join()
            self.assertEqual(0o600, os.stat(path).st_mode & 0o777)
            after = deployment.login()
            newer = deployment.post(
                REFRESH, {"refresh": before["refresh"]}).json()["refresh"]
            deployment.add_user("late@example.com", PASSWORD)
            restore(deployment, path)
            deployment.restart_server()
            self.check(deployment, before, after, newer)

    def restore(self, deployment, path):
        """Not while it serves, though it may be checked."""
        self.assertIn(path + " is good: a backup of 20",
                      deployment.must("restore", "--check", "--from", path))
        status, out, err = deployment.command("restore", "--from", path)
        self.assertEqual((1, ""), (status, out))
        self.assertIn("another latchkeyd serves " + deployment.path("data"),
                      err)
        deployment.stop_server()
        said = deployment.must("restore", "--from", path)
        kept, = glob.glob(deployment.path("data.before-20*Z"))
        for words in (path, kept, "a backup of 20", "Start latchkeyd now"):
            self.assertIn(words, said)
        self.assertEqual(0o700, os.stat(kept).st_mode & 0o777)

    def restore_by_hand(self, deployment, path):
        """As docs/operations.md says."""
        deployment.stop_server()
        fresh = deployment.path("data.new")
        os.mkdir(fresh, 0o700)
        shutil.copyfile(path, os.path.join(fresh, "data.mdb"))
        os.chmod(os.path.join(fresh, "data.mdb"), 0o600)
        os.rename(deployment.path("data"), deployment.path("data.old"))
        os.rename(fresh, deployment.path("data"))

    def check(self, deployment, before, after, newer):
        pair = deployment.login()
        self.assertEqual(200, deployment.post(
            REFRESH, {"refresh": pair["refresh"]}).status)
        self.assertEqual(200, deployment.get(ME, bearer(before)).status)
        self.assertEqual(401, deployment.get(ME, bearer(after)).status)
        self.assertEqual(401, deployment.post(
            LOGIN, {"email": "late@example.com",
                    "password": PASSWORD}).status)
        # A token that the restored store does not know yet is refused, and
        # the log calls it by its name.
        answer = deployment.post(REFRESH, {"refresh": newer})
        self.assertEqual(401, answer.status)
        repeat_until(lambda: "level=error" in deployment.server.log(),
                     "an error about a token from the future")

    def test_a_backup_can_be_restored_on_another_host(self):
        """As docs/operations.md says; `run` is what init made there."""
        with Deployment() as old, Deployment() as new:
            old.create()
            path = os.path.join(new.folder, "backup.mdb")
            old.must("backup", path)
            new.must("init")
            status, _, err = new.command("restore", "--from", path)
            self.assertEqual(1, status)
            self.assertIn("the master key is not the one", err)
            for name in ("master.key", "latchkeyd.conf", "pki"):
                shutil.move(new.path(name), new.path(name + ".new"))
                shutil.move(old.path(name), new.path(name))
            new.must("restore", "--from", path)
            new.start_server().start_gateway()
            new.login()

    def test_a_wrong_call_of_restore_is_told_so(self):
        with Deployment() as deployment:
            deployment.create()
            for args, word in (((), "--from"), (("--from", ""), "--from"),
                               (("--from", "x", "y"), "y")):
                with self.subTest(args=args):
                    status, out, err = deployment.command("restore", *args)
                    self.assertEqual((2, ""), (status, out))
                    self.assertIn(word, err)

    def test_a_backup_overwrites_nothing(self):
        with Deployment() as deployment:
            deployment.create()
            path = os.path.join(deployment.folder, "b")
            deployment.must("backup", path)
            with open(path, "rb") as file:
                first = file.read()
            status, _, err = deployment.command("backup", path)
            self.assertEqual(3, status)
            self.assertIn(path, err)
            with open(path, "rb") as file:
                self.assertEqual(first, file.read())
            self.assertEqual(["b"], [name for name
                                     in os.listdir(deployment.folder)
                                     if name.startswith("b")])


class StateDirectoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.create()

    def mode(self, *parts):
        return os.stat(self.deployment.path(*parts)).st_mode & 0o777

    def test_nobody_else_reads_the_state_directory(self):
        self.assertEqual(0o700, self.mode())
        self.assertEqual(0o700, self.mode("data"))
        self.assertEqual(0o400, self.mode("master.key"))
        self.assertEqual(0o750, self.mode("run"))
        for folder, _, names in os.walk(self.deployment.path()):
            for name in names:
                if name.endswith((".key", ".mdb")):
                    mode = os.stat(os.path.join(folder, name)).st_mode
                    self.assertEqual(0, mode & 0o077, name)

    def test_the_store_holds_no_password_and_no_token(self):
        deployment = self.deployment
        deployment.start_server()
        client = deployment.wire()
        pair = client.call("AuthService/Authenticate", identifier=EMAIL,
                           password=PASSWORD)
        client.close()
        deployment.stop_server()
        with open(deployment.path("data", "data.mdb"), "rb") as file:
            data = file.read()
        for secret in (PASSWORD, pair["access_token"].rsplit(".", 1)[1],
                       pair["refresh_token"].rsplit(".", 1)[1]):
            self.assertNotIn(secret.encode(), data)
        self.assertIn(b"$argon2id$v=19$m=19456,t=2,p=1$", data)

    def test_a_state_directory_is_not_made_twice(self):
        status, _, err = self.deployment.command("init")
        self.assertEqual(3, status)
        self.assertIn(self.deployment.home, err)

    def test_a_setting_that_is_not_there_is_wrong_usage(self):
        home = os.path.join(self.deployment.folder, "never")
        for program, known in (("LATCHKEYD", "log.level"),
                               ("LATCHKEY_GATEWAY", "gateway.listen")):
            if program == "LATCHKEY_GATEWAY":
                os.mkdir(home)
            for setting in ("dance.floor=1", known):
                with self.subTest(program=program, setting=setting):
                    status, _, err = process.run(
                        [os.environ[program], "init", "--home", home,
                         "--set", setting])
                    self.assertEqual(2, status, err)
                    self.assertIn(setting, err)
        self.assertEqual([], os.listdir(home))

    def test_a_directory_without_a_configuration_says_how_to_make_one(self):
        empty = os.path.join(self.deployment.folder, "empty")
        os.mkdir(empty)
        for program in ("LATCHKEYD", "LATCHKEY_GATEWAY"):
            status, _, err = process.run(
                [os.environ[program], "serve", "--home", empty])
            self.assertEqual(1, status, err)
            self.assertIn(empty, err)
            self.assertIn(" init ", err)

    def test_a_directory_with_other_things_is_left_alone(self):
        other = os.path.join(self.deployment.folder, "other")
        os.mkdir(other)
        with open(os.path.join(other, "mine"), "w", encoding="utf-8"):
            pass
        status, _, err = process.run(
            [os.environ["LATCHKEYD"], "init", "--home", other])
        self.assertEqual(1, status)
        self.assertIn(other, err)
        self.assertEqual(["mine"], os.listdir(other))

    def test_an_identifier_belongs_to_one_user(self):
        add = self.deployment.add_user
        add("grace@example.com", PASSWORD, "--username", "grace")
        for email, options in (
                ("grace@example.com", ()), ("GRACE@Example.com", ()),
                ("a@example.com", ("--username", "Grace")),
                ("b@example.com", ("--username", "ada@example.com"))):
            with self.subTest(email=email, options=options):
                with self.assertRaises(process.ProcessFailed):
                    add(email, PASSWORD, *options)

    def test_a_user_made_beside_a_running_server_can_log_in_at_once(self):
        deployment = self.deployment
        deployment.start_server()
        try:
            deployment.add_user("kay@example.com", "another one 7",
                                "--role", "editor", "--role", "author")
            client = deployment.wire()
            user = client.call("AuthService/Authenticate",
                               identifier="kay@example.com",
                               password="another one 7")["user"]
            client.close()
            self.assertEqual(["author", "editor"], user["roles"])
            self.assertNotIn("username", user)
        finally:
            deployment.stop_server()

    def test_two_servers_never_serve_one_directory(self):
        deployment = self.deployment
        deployment.start_server()
        try:
            status, out, err = process.run(
                [os.environ["LATCHKEYD"], "serve", "--home",
                 deployment.home],
                env=deployment.server_environment(
                    **{"listeners.front": "", "listeners.service": "",
                       "listeners.local": "ipc://" + deployment.folder
                                          + "/x"}))
            self.assertEqual(1, status)
            self.assertIn("already", out + err)
            self.assertEqual(1, deployment.wire().call(
                "HealthService/Check")["status"])
        finally:
            deployment.stop_server()

    def test_check_config_says_that_all_is_well(self):
        status, out, err = self.deployment.command("serve", "--check-config")
        self.assertEqual(0, status, out + err)
