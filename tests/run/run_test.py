"""bazel/run.sh: the first start, the next ones, how it ends, what it refuses.

Bazel is replaced by a script that has built already; everything else is real.
"""

import os
import re
import shutil
import signal
import socket
import tempfile
import unittest

from tests.support import http_client, port, process, programs

EMAIL = "ada@example.com"
PASSWORD = "correct horse 9 battery"

BAZEL = """#!/bin/sh
for word in "$@"; do
	case $word in
	bazel-bin) echo "%s"; exit 0 ;;
	server_pid) echo 1; exit 0 ;;
	esac
done
exit 0
"""


class RunTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = os.path.join(self.folder, "home")
        self.script = self.copy("bazel/run.sh", programs.path("RUN_SH"))
        self.copy("bazel/packages.sh", programs.path("PACKAGES_SH"))
        self.copy("bin/server/latchkeyd", programs.server())
        self.copy("bin/gateway/latchkey-gateway", programs.gateway())
        self.copy("bin/client/latchkeyctl", programs.ctl())
        with open(self.path("tools/bazel", make=True), "w",
                  encoding="ascii") as file:
            file.write(BAZEL % self.path("bin"))
        os.chmod(self.path("tools/bazel"), 0o755)

    def path(self, name, make=False):
        path = os.path.join(self.folder, name)
        if make:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def copy(self, name, source):
        return shutil.copy(source, self.path(name, make=True))

    def environment(self, **more):
        """run.sh's environment, with ports that are free now."""
        self.http_port = port.choose()
        env = programs.environment({
            "gateway.listen": "127.0.0.1:%d" % self.http_port,
            "listeners.front": "tls+tcp://127.0.0.1:%d" % port.choose(),
            "listeners.service": "tls+tcp://127.0.0.1:%d" % port.choose(),
        })
        env["PATH"] = self.path("tools") + ":" + env.get("PATH", "/bin")
        env["LATCHKEY_HOME"] = self.home
        env.update(more)
        return env

    def start(self, **more):
        """Starts run.sh and waits until it says that all is up."""
        for _ in range(5):
            running = process.Process(["/bin/bash", self.script],
                                      env=self.environment(**more))
            self.addCleanup(running.kill)
            try:
                running.wait_for(lambda p: "Ctrl-C stops it." in p.log(),
                                 "the hints")
                return running
            except process.ProcessFailed:
                if "is taken" not in running.log():
                    raise
        raise process.ProcessFailed("no free ports")

    def refused(self, **more):
        """Runs run.sh to its end; returns its one sentence."""
        env = self.environment(**more)
        status, out, err = process.run(["/bin/bash", self.script], env=env)
        self.assertEqual(1, status, out + err)
        self.assertEqual("", out)
        lines = process.sentences(err)
        self.assertEqual(1, len(lines), err)
        return lines[0]

    def login(self, password=PASSWORD, email=EMAIL):
        return http_client.post_json(
            self.http_port, "/api/auth/login/",
            {"email": email, "password": password})

    def children(self):
        """(pid, command line) of what serves from our home."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    line = file.read()
            except OSError:
                continue
            if self.home.encode() in line and b"\0serve\0" in line:
                found.append((int(pid), line))
        return found

    def wait_no_children(self):
        process.repeat_until(lambda: not self.children(), "the end of all")

    def test_the_first_start_makes_everything_and_the_next_keeps_it(self):
        first = self.start(
            LATCHKEY_ADMIN_EMAIL=EMAIL, LATCHKEY_ADMIN_PASSWORD=PASSWORD,
            LATCHKEY_ADMIN_FIRST_NAME="Ada", LATCHKEY_ADMIN_LAST_NAME="King",
            LATCHKEY_ADMIN_ROLES="reader,admin")
        answer = self.login()
        self.assertEqual(200, answer.status)
        user = answer.json()["user"]
        self.assertEqual("Ada King", user["full_name"])
        self.assertEqual(["admin", "reader"], user["roles"])
        self.assertIn("superuser %s made" % EMAIL, first.log())
        self.assertNotIn(PASSWORD, first.log())
        first.signal(signal.SIGINT)
        self.assertEqual(0, first.wait_end())
        self.assertEqual([], self.children())
        second = self.start(LATCHKEY_ADMIN_EMAIL="other@example.com",
                            LATCHKEY_ADMIN_PASSWORD="other")
        self.assertIn("accounts as they were", second.log())
        self.assertEqual(200, self.login().status)
        self.assertEqual(401, self.login("other", "other@example.com").status)
        second.stop()
        self.assertEqual([], self.children())

    def test_anybody_may_register_and_is_mailed_a_link_to_the_gateway(self):
        running = self.start()
        self.assertIn("open to everybody: registration.mode", running.log())
        self.assertIn(os.path.join(self.home, "mail"), running.log())
        answer = http_client.post_json(
            self.http_port, "/api/auth/register/",
            {"email": EMAIL, "password": PASSWORD})
        self.assertEqual(201, answer.status, answer.body)
        link = "http://127.0.0.1:%d/api/auth/verify-email/?token=" % (
            self.http_port)
        running.wait_for(lambda p: link in p.log(), "the link")

    def test_without_a_password_one_is_made_and_shown_once(self):
        running = self.start()
        shown = re.findall(r"with the password (\S+) \(", running.log())
        self.assertEqual(1, len(shown))
        self.assertEqual(1, running.log().count(shown[0]))
        self.assertGreaterEqual(len(shown[0]), 24)
        self.assertEqual(200, self.login(shown[0], "admin@localhost").status)
        running.stop()
        again = self.start()
        self.assertNotIn("password", again.log().split("Try:")[0])
        again.stop()

    def test_the_password_is_in_no_command_line_or_environment(self):
        running = self.start(LATCHKEY_ADMIN_EMAIL=EMAIL,
                             LATCHKEY_ADMIN_PASSWORD=PASSWORD)
        children = self.children()
        self.assertEqual(2, len(children))
        for pid, line in children:
            self.assertNotIn(PASSWORD.encode(), line)
            try:
                with open("/proc/%d/environ" % pid, "rb") as file:
                    self.assertNotIn(PASSWORD.encode(), file.read())
            except PermissionError:
                pass  # the program made itself unreadable
        running.stop()

    def test_the_hints_work_as_they_stand(self):
        running = self.start(LATCHKEY_ADMIN_EMAIL=EMAIL,
                             LATCHKEY_ADMIN_PASSWORD=PASSWORD)
        hint = re.search(r"^\s+(/\S+/latchkeyctl login .*)$", running.log(),
                         re.MULTILINE).group(1)
        status, out, err = process.run(
            hint.split() + ["--password-fd", "0"], text=PASSWORD,
            env=programs.environment({}))
        self.assertEqual(0, status, err)
        self.assertIn("access_token", out)
        running.stop()

    def test_a_first_start_that_was_cut_off_is_continued(self):
        status, _, err = process.run(
            [programs.server(), "init", "--home", self.home],
            env=programs.environment({}))
        self.assertEqual(0, status, err)
        running = self.start(LATCHKEY_ADMIN_EMAIL=EMAIL,
                             LATCHKEY_ADMIN_PASSWORD=PASSWORD)
        self.assertEqual(200, self.login().status)
        running.stop()

    def test_when_one_program_dies_the_other_is_stopped(self):
        for name in 2 * (b"latchkeyd", b"latchkey-gateway"):
            running = self.start()
            pid = [p for p, line in self.children()
                   if os.path.basename(line.split(b"\0")[0]) == name][0]
            os.kill(pid, signal.SIGKILL)
            self.assertEqual(1, running.wait_end())
            self.assertIn("%s ended with 137" % name.decode(), running.log())
            self.wait_no_children()

    def test_killed_it_takes_the_programs_along(self):
        running = self.start()
        self.assertEqual(2, len(self.children()))
        running.kill()
        self.wait_no_children()

    def test_both_scripts_explain_themselves_and_do_nothing(self):
        for name, source in (("run.sh", self.script),
                             ("test.sh", programs.path("TEST_SH"))):
            status, out, err = process.run(["/bin/bash", source, "--help"])
            self.assertEqual((0, ""), (status, err))
            self.assertTrue(out.startswith("Usage: bazel/" + name), out)
        self.assertFalse(os.path.exists(self.home))

    def test_a_taken_port_is_one_sentence(self):
        for name in ("LATCHKEY_GATEWAY_LISTEN", "LATCHKEY_LISTENERS_FRONT",
                     "LATCHKEY_LISTENERS_SERVICE"):
            with socket.create_server(("127.0.0.1", 0)) as taken:
                where = "127.0.0.1:%d" % taken.getsockname()[1]
                url = where if "GATEWAY" in name else "tls+tcp://" + where
                said = self.refused(**{name: url})
            self.assertIn("%s is taken" % where, said)
            self.assertIn(name, said)

    def test_a_directory_of_somebody_else_is_left_alone(self):
        os.mkdir(self.home)
        with open(self.home + "/theirs", "w", encoding="ascii"):
            pass
        self.assertIn("not a Latchkey state directory", self.refused())
        self.assertEqual(["theirs"], os.listdir(self.home))

    def test_a_state_directory_in_use_is_one_sentence(self):
        running = self.start()
        self.assertIn("another run.sh serves", self.refused())
        running.stop()


if __name__ == "__main__":
    unittest.main()
