"""The page /docs/ in Debian's Chromium.

The tests are in docs_test.mjs; screenshots are kept as browser_test.py says.
"""

import os
import shutil
import tempfile
import unittest

from tests.support import node
from tests.support.deployment import Deployment

SCRIPT = "tests/browser/docs_test.mjs"
FILES = ["tests/browser/visit.mjs", "tests/support/chromium.mjs"]


def settings(cls):
    """What Node's tests are told."""
    return {
        "BARE_URL": "http://127.0.0.1:%d" % cls.bare.http_port,
        "HOME": cls.folder,
        "LATCHKEY_URL": "http://127.0.0.1:%d" % cls.deployment.http_port,
        "SCREENSHOTS": node.output_folder(cls.folder),
    }


class DocsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.deployment = Deployment(
            server={"registration.mode": "open"},
            gateway={"gateway.swagger_ui_dir": node.swagger_ui()}).start()
        cls.addClassCleanup(cls.deployment.close)
        cls.bare = Deployment()
        cls.addClassCleanup(cls.bare.close)
        cls.bare.create().start_gateway(wait_ready=False)


node.add_cases(DocsTest, SCRIPT, FILES, settings)

if __name__ == "__main__":
    unittest.main()
