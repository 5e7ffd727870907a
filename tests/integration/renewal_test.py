"""Certificates near their end are warned of and renewed in place, and a kill
in the middle leaves every certificate with its key."""

import glob
import json
import os
import random
import signal
import ssl
import subprocess
import time
import unittest

from tests.https.tls import TlsDeployment
from tests.support import process, programs
from tests.support.certificates import DAY_S, Authority
from tests.wire import wire_client

SERVER_LEAVES = ("front-server", "service-server", "gateway")
KILLS = 30


class RenewalCase(unittest.TestCase):
    def setUp(self):
        self.deployment = TlsDeployment()
        self.addCleanup(self.deployment.close)
        self.deployment.create()

    def ctl(self, *args):
        env = programs.environment({})
        env["PATH"] = ":".join((os.path.dirname(programs.server()),
                                os.path.dirname(programs.gateway()),
                                env.get("PATH", os.defpath)))
        return process.run([programs.ctl(), *args, "--home",
                            self.deployment.home], env=env)

    def must(self, *args):
        status, out, err = self.ctl(*args)
        self.assertEqual(0, status, out + err)
        return out

    def pki(self, name):
        return self.deployment.path("pki", name)

    def shorten(self, leaf):
        """Puts a certificate with less than ten days left in a leaf's place."""
        ca, name, use = {
            "front-server": ("front-ca", "latchkeyd", "server"),
            "service-server": ("service-ca", "latchkeyd", "server"),
            "gateway": ("front-ca", "gateway", "client")}[leaf]
        files = Authority(self.deployment.path("pki"), ca,
                          make_it=False).issue(
            name, use, -DAY_S, 11 * DAY_S - 600, folder=self.deployment.folder)
        for path, ending in zip(files, (".crt", ".key")):
            os.replace(path, self.pki(leaf + ending))

    def assert_pairs_fit(self):
        """Each certificate goes with its key, or ssl refuses it."""
        for leaf in SERVER_LEAVES:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                self.pki(leaf + ".crt"), self.pki(leaf + ".key"))


class WarningTest(RenewalCase):
    def test_the_log_warns_of_what_ends_soon(self):
        self.shorten("front-server")
        self.shorten("gateway")
        self.deployment.start_server().start_gateway()
        self.deployment.server.wait_for_event("certificate_expires",
                                              file="pki/front-server.crt")
        gateway = self.deployment.gateway
        gateway.wait_for_event("certificate_expires", file="pki/gateway.crt")
        self.assertEqual(
            ["pki/front-server.crt"],
            [line["file"] for line in
             self.deployment.server.events("certificate_expires")])

    def test_https_and_authorities_are_watched_too(self):
        self.deployment.renew("short", lifetime_s=29 * DAY_S)
        self.deployment.start_server().start_gateway()
        self.deployment.gateway.wait_for_event("certificate_expires",
                                               file=self.deployment.cert)
        self.deployment.clock_shift_s = 19 * 365 * DAY_S + 345 * DAY_S
        status, out, err = process.run(
            [programs.server(), "doctor", "--json", "--home",
             self.deployment.home], env=self.deployment.server_environment())
        found = {one["what"]: one["level"]
                 for one in map(json.loads, out.splitlines())}
        self.assertEqual((1, "warn", "fail"), (
            status, found["pki/front-ca.crt"],
            found["pki/front-server.crt"]), err)

    def test_the_doctor_looks_at_both_programs(self):
        self.deployment.start_server().start_gateway()
        conf = self.deployment.path("gateway.conf")
        with open(conf, "a", encoding="utf-8") as file:
            file.write('\ngateway {\n\tlisten_tls = "127.0.0.1:1"\n'
                       '\ttls_cert = "%s"\n\ttls_key = "%s"\n}\n'
                       % (self.deployment.cert, self.deployment.key))
        self.must("pki", "issue", "operator", "--url",
                  "tls+tcp://127.0.0.1:%d" % self.deployment.service_port)
        self.shorten("gateway")
        self.deployment.renew("short", lifetime_s=29 * DAY_S)
        os.chmod(self.deployment.key, 0o640)
        found = self.must("doctor").splitlines()
        self.assertIn("ok    gateway: its settings and profiles are good",
                      found)
        self.assertIn("warn  %s: 28 days left" % self.deployment.cert, found)
        self.assertIn("warn  pki/gateway.crt: 9 days left", found)
        os.chmod(self.deployment.key, 0o644)
        status, out, _ = self.ctl("doctor")
        self.assertEqual(1, status)
        self.assertIn("fail  %s: everybody" % self.deployment.key, out)


class RenewTest(RenewalCase):
    def shown(self):
        """The certificate that the front listener shows."""
        stream = wire_client.connect_tls(self.deployment.front_port,
                                         self.deployment.tls_context())
        shown = stream.sock.getpeercert(binary_form=True)
        stream.close()
        return shown

    def test_renewed_certificates_are_used_after_sighup(self):
        deployment = self.deployment
        for leaf in SERVER_LEAVES:
            self.shorten(leaf)
        deployment.start_server().start_gateway()
        old = self.shown()
        self.must("pki", "renew")
        self.assert_pairs_fit()
        self.assertEqual(old, self.shown())
        deployment.server.signal(signal.SIGHUP)
        deployment.server.wait_for_event("certificates_reloaded")
        # What NNG had begun to accept before still shows the old one.
        process.repeat_until(lambda: self.shown() != old, "the new one")
        deployment.gateway.signal(signal.SIGHUP)
        deployment.gateway.wait_for_event("settings_reloaded")
        # By the server's clock the gateway's old certificate has ended.
        deployment.age(20 * DAY_S)
        deployment.login()
        self.assertEqual([], deployment.server.events("tls_refused",
                                                      cn="gateway"))

    def test_a_service_is_renewed_and_told_where_its_file_is(self):
        self.must("pki", "issue", "billing")
        issued = self.pki("issued/billing.crt")
        with open(issued, "rb") as file:
            before = file.read()
        self.assertEqual("", self.must("pki", "renew", "billing"))
        with open(issued, "rb") as file:
            after = file.read()
        self.assertNotEqual(before, after)
        folder = self.deployment.path("clients", "billing")
        with open(os.path.join(folder, "billing.crt"), "rb") as file:
            self.assertEqual(after, file.read())
        os.rename(folder, folder + "-moved")
        self.assertIn(issued, self.must("pki", "renew", "billing"))

    def test_a_kill_in_the_middle_leaves_pairs_that_fit(self):
        for leaf in SERVER_LEAVES:
            self.shorten(leaf)
        choose = random.Random(7)
        for _ in range(KILLS):
            # The kill comes early, late or in between, wherever it falls.
            with subprocess.Popen([programs.ctl(), "pki", "renew", "--home",
                                   self.deployment.home]) as child:
                time.sleep(choose.uniform(0, 0.02))
                child.kill()
            self.assert_pairs_fit()
        self.must("pki", "renew")
        for path in glob.glob(self.pki("*.crt.??????")):
            os.unlink(path)
        self.deployment.start_server().start_gateway()
        self.deployment.login()

    def test_what_is_wrong_is_said(self):
        for args, word in ((("renew", "nobody"), "issued/nobody.crt"),
                           (("renew", "../x"), "../x"),
                           (("renew", "--url", "x"), "--url"),
                           (("issue",), "NAME"), ((), "renew")):
            status, _, err = self.ctl("pki", *args)
            self.assertEqual(2, status)
            self.assertIn(word, err)
        os.rename(self.pki("service-ca.key"), self.pki("offline.key"))
        status, _, err = self.ctl("pki", "renew")
        self.assertEqual(2, status)
        self.assertIn("pki/service-ca.key", err)
        self.assert_pairs_fit()
