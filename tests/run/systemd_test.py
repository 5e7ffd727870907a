"""docs/systemd: the units are good ones, and start the programs as their help
says."""

import os
import re
import shlex
import shutil
import tempfile
import unittest

from tests.support import process, programs
from tests.support.deployment import Deployment

UNITS = {"latchkeyd": programs.server,
         "latchkey-gateway": programs.gateway}
# systemd-analyze's measure, from 0 (safe) to 100.
EXPOSURE_MAX = 20
HARDENED = {"NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes",
            "MemoryDenyWriteExecute=yes", "CapabilityBoundingSet=",
            "PrivateTmp=yes", "PrivateDevices=yes", "LimitCORE=0",
            "RestrictNamespaces=yes", "SystemCallFilter=@system-service"}


def lines(name):
    path = os.path.join(os.path.dirname(programs.path("UNITS")),
                        name + ".service")
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def exec_start(name):
    """The words of the unit's ExecStart."""
    found = [line for line in lines(name) if line.startswith("ExecStart=")]
    return shlex.split(found[0].split("=", 1)[1])


class UnitTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name):
        """Writes the unit with the program where it is here."""
        path = os.path.join(self.folder, name + ".service")
        text = "\n".join(lines(name)) + "\n"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("/usr/local/bin/" + name,
                                    UNITS[name]()))
        return path

    def analyze(self, *args):
        status, out, err = process.run(["systemd-analyze", *args])
        return status, out + err

    def test_systemd_has_nothing_against_them(self):
        paths = [self.write(name) for name in UNITS]
        self.assertEqual((0, ""), self.analyze(
            "verify", "--man=no", "--recursive-errors=one", *paths))

    def test_they_are_hardened(self):
        for name in UNITS:
            self.assertEqual(set(), HARDENED - set(lines(name)))
            status, said = self.analyze(
                "security", "--offline=true", "--no-pager",
                "--threshold=%d" % EXPOSURE_MAX, self.write(name))
            self.assertEqual(0, status, said)

    def test_they_start_what_the_help_knows(self):
        with Deployment() as deployment:
            deployment.create()
            deployment.create_gateway()
            for name, program in UNITS.items():
                path, command, *options = exec_start(name)
                self.assertEqual(name, os.path.basename(path))
                _, told, _ = process.run([program(), command, "--help"])
                for option in options:
                    if option.startswith("--"):
                        self.assertIn(option, told)
                home = options.index("--home") + 1
                options[home] = deployment.home
                status, out, err = process.run(
                    [program(), command, *options, "--check-config"],
                    env=deployment.server_environment())
                self.assertEqual(0, status, out + err)

    def test_the_page_names_what_they_name(self):
        with open(programs.path("OPERATIONS"), encoding="utf-8") as file:
            page = file.read()
        for name in UNITS:
            text = "\n".join(lines(name))
            for word in re.findall(r"^(?:User|ExecStart)=(.*)", text, re.M):
                for part in word.split():
                    if part.startswith("/") or "=" not in part:
                        self.assertIn(part, page)
