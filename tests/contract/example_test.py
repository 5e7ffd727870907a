"""The examples of /openapi.json: each is what its schema allows, nothing that
has a body lacks one, and a gateway takes and answers what they show."""

import json
import unittest

from tests.contract.held import SHIPPED
from tests.support import http_client
from tests.support.deployment import PASSWORD, Deployment
from tests.support.description import Description

# Those that ship, and those of docs/profiles.md and docs/cookies.md.
EVERY = Description.of_gateway("--profile-dir", "gateway/testdata/profiles")
JSON = "application/json"
# What stands where a field's name has no sample.
NAMELESS = "example"


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield "%s %s" % (method.upper(), path), operation


def bodies(document):
    """(where, media) of every body of an answer that is JSON."""
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            media = answer.get("content", {}).get(JSON)
            if media is not None:
                yield "%s %s" % (name, status), media


def requests(document):
    """(where, media) of every body of a request."""
    for name, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        for kind, media in content.items():
            yield "%s %s" % (name, kind), media


def texts(value):
    """Every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        inside = value.values() if isinstance(value, dict) else value
        for item in inside:
            yield from texts(item)


def names(value):
    """A value's members, in their order, without what they hold."""
    if isinstance(value, dict):
        return [(name, names(item)) for name, item in value.items()]
    if isinstance(value, list):
        return [names(item) for item in value if isinstance(item, dict)]
    return None


class ExampleTest(unittest.TestCase):
    def value(self, example):
        if "$ref" in example:
            example = EVERY.checker.resolve(example["$ref"])
        return example["value"]

    def fits(self, schema, value, where):
        self.assertEqual([], EVERY.checker.errors(schema, value), where)

    def test_every_answer_in_json_has_examples_that_its_schema_allows(self):
        for where, media in bodies(EVERY.document):
            self.assertNotEqual({}, media["examples"], where)
            for name, example in media["examples"].items():
                self.fits(media["schema"], self.value(example),
                          where + " " + name)

    def test_every_error_is_shown_where_it_may_come(self):
        for where, media in bodies(EVERY.document):
            schemas = media["schema"].get("anyOf", [media["schema"]])
            errors = {ref.rsplit("/error.", 1)[1] for ref in (
                schema.get("$ref", "") for schema in schemas)
                if "/error." in ref}
            shown = {name for name in media["examples"]
                     if name in errors or where.split()[-1] >= "400"}
            self.assertEqual(errors, shown, where)

    def test_every_request_has_an_example_that_its_schema_allows(self):
        count = 0
        for where, media in requests(EVERY.document):
            schema = media["schema"]
            # Bytes are no JSON.
            if any("contentMediaType" in member and name in
                   schema.get("required", ())
                   for name, member in schema.get("properties", {}).items()):
                self.assertNotIn("example", media, where)
            elif schema["type"] == "object":
                self.fits(schema, media["example"], where)
                count += 1
        self.assertGreater(count, 90)

    def test_every_parameter_that_must_be_given_has_an_example(self):
        for where, operation in operations(EVERY.document):
            for parameter in operation["parameters"]:
                if parameter["required"]:
                    self.fits(parameter["schema"], parameter["example"],
                              "%s %s" % (where, parameter["name"]))

    def test_no_field_of_the_shipped_profiles_is_without_a_sample(self):
        for where, media in bodies(SHIPPED.document):
            for name, example in media["examples"].items():
                if "value" in example:
                    self.assertNotIn(NAMELESS, texts(example["value"]),
                                     where + " " + name)
        for where, media in requests(SHIPPED.document):
            self.assertNotIn(NAMELESS, texts(media.get("example")), where)


class ServedExampleTest(unittest.TestCase):
    """A server with open registration takes and answers what they show."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(server={
            "registration.mode": "open",
            "users.attributes": "phone_number:text:user"})
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.must("init")
        cls.deployment.add_user("root@example.com", PASSWORD)
        cls.deployment.start_server().start_gateway()

    def send(self, method, path, status, bearer=""):
        """Sends the example of a request; the answer is like its example."""
        operation = SHIPPED.operation(method, path)
        content = operation["responses"][str(status)]["content"][JSON]
        headers, body = {}, None
        if "requestBody" in operation:
            media = operation["requestBody"]["content"][JSON]
            body = json.dumps(media["example"]).encode()
            headers["Content-Type"] = JSON
        if bearer:
            headers["Authorization"] = "Bearer " + bearer
        answer = http_client.request(self.deployment.http_port, method, path,
                                     headers, body)
        self.assertEqual(status, answer.status, answer)
        self.assertEqual(names(content["examples"]["success"]["value"]),
                         names(answer.json()))
        return answer.json()

    def test_what_the_examples_register_can_log_in(self):
        user = self.send("POST", "/api/auth/register/", 201)["user"]
        tokens = self.send("POST", "/api/auth/login/", 200)
        self.assertEqual(user["id"], tokens["user"]["id"])
        for path in ("/login/", "/account/login/", "/api/token/"):
            self.send("POST", path, 200)
        bearer = tokens["access"]
        self.send("GET", "/.well-known/jwks.json", 200)
        self.send("PATCH", "/api/auth/users/me/", 200, bearer)
        self.send("POST", "/api/auth/password/change/", 200, bearer)
        self.send("POST", "/api/auth/sessions/revoke-others/", 200, bearer)
        self.assertEqual(1, len(self.send("GET", "/api/auth/sessions/", 200,
                                          bearer)))

    def test_an_empty_body_is_answered_as_the_examples_say(self):
        count = 0
        for path, methods in SHIPPED.document["paths"].items():
            operation = methods.get("post", {})
            if operation.get("security") or "requestBody" not in operation:
                continue
            answer = http_client.post_json(
                self.deployment.http_port,
                path.replace("{uid}", "MQ").replace("{token}", "junk"), {})
            shown = operation["responses"]["400"]["content"][JSON]
            name = next(iter(shown["examples"]))
            self.assertIn("fields_invalid", name)
            self.assertEqual((400, shown["examples"][name]["value"]),
                             (answer.status, answer.json()), path)
            count += 1
        self.assertGreater(count, 15)


if __name__ == "__main__":
    unittest.main()
