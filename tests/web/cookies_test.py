"""client/web with the refresh token in a cookie, over HTTPS.

The tests are cookies_test.mjs, in Node with a jar of cookies, and
cookies_browser_test.mjs, in Chromium. All run twice: with refresh tokens that
stay, and with ones that rotate.
"""

import os
import shutil
import unittest

from tests.https.tls import TlsDeployment
from tests.support import node, port

FILES = ["client/web/latchkey.js", "client/web/package.json",
         "docs/frontends/cookies.js", "docs/frontends/fetch.js",
         "tests/support/chromium.mjs", "tests/web/people.mjs"]


def settings(cls):
    """What Node's tests are told."""
    return {
        "APP_PORT": str(cls.app_port),
        "HOME": cls.deployment.folder,
        "LATCHKEY_URL": "https://localhost:%d" % cls.deployment.tls_port,
        "NODE_EXTRA_CA_CERTS": cls.deployment.authority,
        "ROTATES": "1" if cls.ROTATES else "0",
        "TLS_CERT": cls.deployment.cert,
        "TLS_KEY": cls.deployment.key,
    }


class CookiesCase(unittest.TestCase):
    ROTATES = False

    @classmethod
    def setUpClass(cls):
        cls.app_port = port.choose()
        cls.deployment = TlsDeployment(
            name="localhost",
            server={"registration.mode": "open",
                    "sessions.rotate": cls.ROTATES,
                    "sessions.grace_ms": 0},
            gateway={"cors.origins": ["https://%s:%d" % (host, cls.app_port)
                                      for host in ("localhost", "127.0.0.1")]})
        cls.addClassCleanup(cls.deployment.close)
        profiles = os.path.join(cls.deployment.folder, "profiles")
        os.mkdir(profiles)
        shutil.copy(os.environ["COOKIE_PROFILE"], profiles)
        cls.deployment.gateway_settings["gateway.profile_dir"] = profiles
        cls.deployment.start()


def make_cases():
    """One class for each script and way to refresh."""
    for script in ("cookies", "cookies_browser"):
        for rotates in (False, True):
            name = "%s%sTest" % (script.title().replace("_", ""),
                                 "Rotating" if rotates else "")
            cls = type(name, (CookiesCase,), {
                "ROTATES": rotates,
                "__module__": __name__,
            })
            node.add_cases(cls, "tests/web/%s_test.mjs" % script, FILES,
                           settings)
            globals()[name] = cls


make_cases()

if __name__ == "__main__":
    unittest.main()
