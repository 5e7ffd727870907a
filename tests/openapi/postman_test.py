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
JSON = "application/json"


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
                ["openapi2postmanv2", "-s", "openapi.json", "-o", made,
                 "-O", "parametersResolution=Example,"
                       "enableOptionalParameters=false"], [],
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

    def test_bodies_are_those_of_the_examples(self):
        count = 0
        for key, item in self.items.items():
            content = self.operations[key].get("requestBody", {}).get(
                "content", {})
            if JSON in content:
                self.assertEqual(content[JSON]["example"],
                                 json.loads(item["request"]["body"]["raw"]),
                                 key)
                count += 1
        self.assertGreater(count, 25)

    def test_only_parameters_that_must_be_given_are_sent(self):
        for key, item in self.items.items():
            needed = {(p["in"], p["name"]): p["example"]
                      for p in self.operations[key]["parameters"]
                      if p["required"]}
            url = item["request"]["url"]
            sent = [("path", p) for p in url["variable"]]
            sent += [("query", p) for p in url["query"]]
            sent += [("header", p) for p in item["request"]["header"]
                     if p["key"] not in ("Accept", "Content-Type")]
            self.assertEqual(
                {name: str(value) for name, value in needed.items()},
                {(place, p["key"]): p["value"] for place, p in sent
                 if not p.get("disabled")}, key)

    def test_every_answer_becomes_an_example(self):
        for key, item in self.items.items():
            described = self.operations[key]["responses"]
            self.assertEqual(set(described), {str(answer["code"]) for answer
                                              in item["response"]}, key)
        login = self.items["POST", "/api/auth/login/"]["response"]
        shown = {answer["code"]: json.loads(answer["body"])
                 for answer in login if answer["code"] in (200, 401)}
        self.assertEqual("ada@example.com", shown[200]["user"]["email"])
        self.assertEqual({"detail": "No active account found with the given "
                                    "credentials"}, shown[401])


if __name__ == "__main__":
    unittest.main()
