"""client/web, and the snippets of docs/frontends.md, against a gateway.

The tests are the *_test.mjs beside this file. All run twice: with refresh
tokens that stay, and with ones that rotate.
"""

import glob
import os
import re
import unittest

from tests.support import node, port, process
from tests.support.deployment import Deployment

SNIPPETS = sorted(filter(os.path.isfile, glob.glob(
    "docs/frontends/**", recursive=True)))
SHARED = ["client/web/latchkey.js", "client/web/package.json",
          "tests/support/chromium.mjs", "tests/web/people.mjs",
          "docs/frontends/page.html", *glob.glob("docs/frontends/*.js")]
SCRIPTS = ("latchkey", "fetch", "axios", "page_browser")


def settings(cls):
    """What Node's tests are told."""
    return {
        "APP_PORT": str(cls.app_port),
        "HOME": cls.deployment.folder,
        "LATCHKEY_URL": "http://127.0.0.1:%d" % cls.deployment.http_port,
        "ROTATES": "1" if cls.ROTATES else "0",
    }


class WebCase(unittest.TestCase):
    ROTATES = False

    @classmethod
    def setUpClass(cls):
        cls.app_port = port.choose()
        cls.deployment = Deployment(
            server={"registration.mode": "open",
                    "sessions.rotate": cls.ROTATES,
                    "sessions.grace_ms": 0},
            gateway={"cors.origins":
                     "http://127.0.0.1:%d" % cls.app_port}).start()
        cls.addClassCleanup(cls.deployment.close)


def make_cases():
    """One class for each script and way to refresh."""
    for script in SCRIPTS:
        for rotates in (False, True):
            name = "%s%sTest" % (script.title().replace("_", ""),
                                 "Rotating" if rotates else "")
            cls = type(name, (WebCase,), {
                "ROTATES": rotates,
                "__module__": __name__,
            })
            node.add_cases(cls, "tests/web/%s_test.mjs" % script, SHARED,
                           settings)
            globals()[name] = cls


make_cases()


class TypesTest(unittest.TestCase):
    def test_the_types_fit_a_front_end_in_typescript(self):
        status, output = node.run_tool(
            ["tsc", "--noEmit", "--strict", "--module", "nodenext",
             "--target", "es2022", "--lib", "es2022,dom",
             "--typeRoots", "none", "tests/web/types_test.ts"],
            [*SHARED, "client/web/latchkey.d.ts", "tests/web/types_test.ts"])
        self.assertEqual((0, ""), (status, output))


class PageTest(WebCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open("docs/frontends.md", encoding="utf-8") as file:
            cls.page = file.read()

    def test_the_command_of_the_page_logs_in(self):
        command, answer = re.search(
            r"^    (curl .*?)\n\n    (\{.*?\})\n", self.page,
            re.DOTALL | re.MULTILINE).groups()
        status, out, err = process.run(["bash", "-c", command.replace(
            "127.0.0.1:8000", "127.0.0.1:%d" % self.deployment.http_port)])
        self.assertEqual(0, status, err)
        for text in (answer, out):
            self.assertRegex(text, r'^\{"refresh":"eyJ[^"]*","access":"eyJ'
                             r'[^"]*","user":\{"id":1,'
                             r'"email":"ada@example.com",.*\}\}$')

    def test_the_page_shows_the_snippets_that_are_tested(self):
        shown = dict(re.findall(
            r"<!-- (docs/frontends/\S+) -->\n```\w+\n(.*?)```", self.page,
            re.DOTALL))
        self.assertEqual(SNIPPETS, sorted(shown))
        for name, text in shown.items():
            with open(name, encoding="utf-8") as file:
                self.assertEqual(file.read(), text, name)


if __name__ == "__main__":
    unittest.main()
