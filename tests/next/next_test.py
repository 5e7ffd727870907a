"""The Next app of docs/frontends.md with next-auth, as people run it.

ROUTER says with which of Next's routers: "app" or "pages". The app is built
once; the tests, in next_test.mjs, run with refresh tokens that stay and with
ones that rotate.
"""

import os
import shutil
import tempfile
import unittest

from tests.support import node, port, process
from tests.support.deployment import EMAIL, PASSWORD, Deployment

ROUTER = os.environ["ROUTER"]
SCRIPT = "tests/next/next_test.mjs"
FILES = ["tests/support/chromium.mjs", "tests/web/people.mjs"]
SECRET = "only this test's own secret"
# An access token is renewed after half of this.
LIFETIME_S = 20


def setUpModule():
    """Builds the app in a folder of its own."""
    folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
    unittest.addModuleCleanup(shutil.rmtree, folder)
    for part in ("next", "next_" + ROUTER):
        shutil.copytree("docs/frontends/" + part, folder, dirs_exist_ok=True)
    shutil.copyfile("tests/next/next.config.mjs",
                    os.path.join(folder, "next.config.mjs"))
    node.link_modules(folder)
    os.environ.update(HOME=folder, NEXT_APP=folder,
                      NEXT_TELEMETRY_DISABLED="1")
    status, output = node.run(["node_modules/.bin/next", "build"], folder)
    if status != 0:
        raise RuntimeError(output)


def settings(cls):
    """What Node's tests are told."""
    return {
        "ADMIN": EMAIL,
        "ADMIN_PASSWORD": PASSWORD,
        "APP_PORT": str(cls.app_port),
        "LATCHKEY_URL": "http://127.0.0.1:%d" % cls.deployment.http_port,
        "NEXTAUTH_SECRET": SECRET,
        "RELAY_PORT": str(cls.relay_port),
        "ROTATES": "1" if cls.ROTATES else "0",
        "ROUTER": ROUTER,
        "SCREENSHOTS": os.environ.get("SCREENSHOTS") or os.environ.get(
            "TEST_UNDECLARED_OUTPUTS_DIR") or os.environ["NEXT_APP"],
    }


class NextCase(unittest.TestCase):
    ROTATES = False

    @classmethod
    def setUpClass(cls):
        cls.app_port = port.choose()
        cls.relay_port = port.choose()
        cls.deployment = Deployment(
            server={"registration.mode": "open",
                    "sessions.rotate": cls.ROTATES,
                    "tokens.access_lifetime_s": LIFETIME_S},
            gateway={"cors.origins":
                     "http://127.0.0.1:%d" % cls.app_port}).start()
        cls.addClassCleanup(cls.deployment.close)
        cls.start_app()

    @classmethod
    def start_app(cls):
        """Serves the app; the test's relay is its gateway."""
        cls.app = process.Process(
            ["node", "node_modules/next/dist/bin/next", "start",
             "--hostname", "127.0.0.1", "--port", str(cls.app_port)],
            env=dict(os.environ, NEXTAUTH_SECRET=SECRET,
                     NEXTAUTH_URL="http://127.0.0.1:%d" % cls.app_port,
                     LATCHKEY_URL="http://127.0.0.1:%d" % cls.relay_port),
            folder=os.environ["NEXT_APP"])
        # Bazel shows it if the test fails.
        cls.addClassCleanup(lambda: print(cls.app.log()))
        cls.addClassCleanup(cls.app.kill)
        cls.app.wait_for(lambda app: "Ready in" in app.log(), "Ready")


class StayingTest(NextCase):
    pass


class RotatingTest(NextCase):
    ROTATES = True


node.add_cases(StayingTest, SCRIPT, FILES, settings)
node.add_cases(RotatingTest, SCRIPT, FILES, settings)

if __name__ == "__main__":
    unittest.main()
