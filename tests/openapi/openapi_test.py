"""Public tools from npm accept /openapi.json, and a client made from it works:
redocly lints it, openapi-typescript makes types of it, tsc compiles
client.ts against them, and Node runs that against a gateway."""

import json
import os
import unittest

from tests.openapi.workbench import Workbench
from tests.support import node, process, programs
from tests.support.deployment import EMAIL, PASSWORD, Deployment


class OpenapiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = cls.enterClassContext(Workbench())
        cls.bench.take("client.ts", "redocly.yaml", "tsconfig.json")
        cls.deployment = Deployment(gateway={
            "gateway.swagger_ui_dir": node.swagger_ui()}).start()
        cls.addClassCleanup(cls.deployment.close)
        cls.described = cls.deployment.get("/openapi.json").text()

    def test_redocly_finds_nothing_wrong(self):
        self.bench.put("openapi.json", self.described)
        output = self.bench.must("redocly", "lint", "--format=json",
                                 "openapi.json")
        problems = json.loads(output)["problems"]
        self.assertEqual([], [(p["ruleId"], p["message"]) for p in problems])

    def test_a_generated_client_compiles_and_logs_in(self):
        self.bench.make_types(self.described)
        self.assertEqual((0, ""), self.bench.compile("client.ts"))
        output = self.bench.must(
            "out/client.js", EMAIL=EMAIL, PASSWORD=PASSWORD,
            BASE="http://127.0.0.1:%d" % self.deployment.http_port)
        self.assertEqual("hello %s\n" % EMAIL, output)

    def test_the_page_is_made_of_swagger_uis_own_files(self):
        page = self.deployment.get("/docs/")
        self.assertIn("/docs/swagger-ui-bundle.js", page.text())
        for name, kind in (
                ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
                ("swagger-ui.css", "text/css; charset=utf-8"),
                ("favicon-32x32.png", "image/png")):
            answer = self.deployment.get("/docs/" + name)
            self.assertEqual((200, kind),
                             (answer.status, answer.header("Content-Type")))
            with open(os.path.join(node.swagger_ui(), name),
                      "rb") as file:
                self.assertEqual(file.read(), answer.body)
        for name in ("package.json", "index.html", "..%2fpackage.json"):
            self.assertEqual(404, self.deployment.get("/docs/" + name).status)

    def test_a_folder_that_lacks_a_file_stops_the_start(self):
        environment = dict(
            self.deployment.gateway_environment(),
            LATCHKEY_GATEWAY_SWAGGER_UI_DIR=self.bench.folder)
        status, _, err = process.run(
            [programs.gateway(), "serve", "--home", self.deployment.home,
             "--check-config"], env=environment)
        self.assertNotEqual(0, status)
        self.assertIn("swagger-ui-bundle.js", err)


if __name__ == "__main__":
    unittest.main()
