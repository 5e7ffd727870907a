"""Postman imports /openapi.json: its own converter, openapi-to-postmanv2,
makes a collection of what a gateway serves."""

import json
import os
import re
import tempfile
import unittest

from tests.support import node
from tests.support.deployment import Deployment

BASE = "https://auth.acme.org"


def requests_of(items):
    """Every item of a collection that is no folder."""
    for item in items:
        if "item" in item:
            yield from requests_of(item["item"])
        else:
            yield item


def key_of(item):
    """A request's method and path, as the description has them."""
    request = item["request"]
    path = "/" + "/".join(request["url"]["path"])
    return request["method"], re.sub(r":(\w+)", r"{\1}", path)


class PostmanTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Deployment(gateway={"gateway.public_base": BASE}) as one:
            one.create().start_gateway(wait_ready=False)
            served = one.get("/openapi.json").text()
        cls.operations = {
            (method.upper(), path): operation
            for path, methods in json.loads(served)["paths"].items()
            for method, operation in methods.items()}
        cls.collection = cls.convert(served)
        cls.items = {key_of(item): item
                     for item in requests_of(cls.collection["item"])}

    @classmethod
    def convert(cls, text):
        with tempfile.TemporaryDirectory(prefix="lk-", dir="/tmp") as folder:
            made = os.path.join(folder, "collection.json")
            status, output = node.run_tool(
                ["openapi2postmanv2", "-s", "openapi.json", "-o", made], [],
                {"openapi.json": text})
            if status != 0 or not os.path.exists(made):
                raise AssertionError(output)
            with open(made, encoding="utf-8") as file:
                return json.load(file)

    def test_every_operation_becomes_a_request(self):
        self.assertGreater(len(self.operations), 50)
        self.assertEqual(set(self.operations), set(self.items))
        count = sum(1 for _ in requests_of(self.collection["item"]))
        self.assertEqual(len(self.operations), count)
        for key, item in self.items.items():
            self.assertEqual(self.operations[key]["summary"], item["name"])
            self.assertEqual(["{{baseUrl}}"], item["request"]["url"]["host"])

    def test_the_base_url_is_what_the_gateway_calls_itself(self):
        variables = {v["key"]: v["value"]
                     for v in self.collection["variable"]}
        self.assertEqual(BASE, variables["baseUrl"])

    def test_who_needs_a_user_sends_the_variable_with_the_token(self):
        bearer = {"type": "bearer", "bearer": [
            {"key": "token", "value": "{{bearerToken}}"}]}
        for key, item in self.items.items():
            needed = self.operations[key]["security"]
            auth = item["request"].get("auth")
            self.assertEqual(bearer if needed else None, auth, key)

    def test_answers_and_errors_become_examples(self):
        for key, item in self.items.items():
            statuses = {str(response["code"])
                        for response in item["response"]}
            self.assertEqual(set(self.operations[key]["responses"]), statuses,
                             key)


if __name__ == "__main__":
    unittest.main()
