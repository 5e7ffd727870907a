"""The pages, and a page of another origin, in Debian's Chromium.

The tests are in browser_test.mjs. Bazel keeps the screenshots with the test's
other outputs; SCREENSHOTS names another folder for them.
"""

import glob
import os
import shutil
import tempfile
import unittest

from tests.support import node, port
from tests.support.deployment import Deployment
from tests.support.fake_server import FakeServer

SCRIPT = "tests/browser/browser_test.mjs"
FILES = ["client/web/latchkey.js", "client/web/package.json",
         "tests/browser/visit.mjs", "tests/support/chromium.mjs",
         *sorted(glob.glob("docs/frontends/*.js")),
         *sorted(glob.glob("gateway/pages/*.html"))]
OLD = "bob@example.com"
THROTTLED = {"code": 8, "reason": 120, "retry_after_ms": 90_000}
DAY_S = 24 * 3600


def settings(cls):
    """What Node's tests are told."""
    return {
        "APP_PORT": str(cls.app_port),
        "BUSY_URL": "http://127.0.0.1:%d" % cls.busy.http_port,
        "BARE_URL": "http://127.0.0.1:%d" % cls.bare.http_port,
        "EXPIRED_LINK": cls.expired_link,
        "HOME": cls.folder,
        "LATCHKEY_URL": cls.base,
        "MAILS": cls.deployment.path("mail"),
        "SCREENSHOTS": node.output_folder(cls.folder),
    }


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.app_port = port.choose()
        cls.deployment = Deployment(
            server={"registration.mode": "open",
                    "sessions.rotate": True,
                    "sessions.grace_ms": 0,
                    "server.operator_name": "Acme & Söhne"},
            gateway={"cors.origins": "http://127.0.0.1:%d" % cls.app_port,
                     "pages.operator_name": "Acme & Söhne"}).start()
        cls.addClassCleanup(cls.deployment.close)
        # A gateway as it is without settings, and without a server.
        cls.bare = Deployment()
        cls.addClassCleanup(cls.bare.close)
        cls.bare.create().start_gateway(wait_ready=False)
        cls.busy = cls.make_busy()
        cls.base = "http://127.0.0.1:%d" % cls.deployment.http_port
        # Mails link to the gateway, whose port is known only now.
        cls.deployment.server_settings["server.public_base"] = cls.base
        cls.deployment.restart_server()
        cls.expired_link = cls.make_expired_link()

    @classmethod
    def make_busy(cls):
        """A gateway whose server refuses all, and whose name is long."""
        fake = FakeServer()
        cls.addClassCleanup(fake.close)
        fake.status = THROTTLED
        busy = Deployment(gateway={"server.url": "ipc://" + fake.path,
                                   "pages.operator_name": "Acme" * 60})
        cls.addClassCleanup(busy.close)
        return busy.create().start_gateway(wait_ready=False)

    @classmethod
    def make_expired_link(cls):
        """A link to reset a password that the server's clock has passed."""
        cls.deployment.add_user(OLD, "correct horse 9 battery")
        cls.deployment.post("/api/auth/password-reset/", {"email": OLD})
        mail = cls.deployment.mailbox.wait_about(OLD, "Set a new password")
        cls.deployment.age(DAY_S)
        return mail.link


node.add_cases(BrowserTest, SCRIPT, FILES, settings)

if __name__ == "__main__":
    unittest.main()
