"""A client whose types openapi-typescript made of /openapi.json goes through
the whole matrix of the contract: every route, with everything it may meet.

Each exchange becomes a call in TypeScript (typed_call.py). tsc compiles all of
them against the types, Node runs them, and every answer has to be the one that
the contract has for the raw socket (tests/contract/exchange.py), one that the
description allows, and a value of the type that its reader sees.
"""

import base64
import copy
import json
import unittest

from tests.contract import declared, held
from tests.contract.case import method_name
from tests.contract.exchange import exchanges_of
from tests.contract.worlds import Worlds
from tests.openapi.typed_call import TypedCall
from tests.openapi.typed_program import TypedProgram
from tests.openapi.workbench import Workbench
from tests.support.description import Description

EXCHANGES = [one for route in declared.routes()
             for one in exchanges_of(route) or ()]

EMPTY = "it is empty, which openapi-fetch takes for an object that may be any"

# Answers in JSON whose types do not say what is in them, and why. The compiler
# fails if the type of one of them does.
OPENED = {
    "GET /openapi.json succeeds": "OpenAPI 3.1 says what it may hold",
    "POST /api/auth/token/verify/ succeeds": EMPTY,
    "POST /api/token/verify/ succeeds": EMPTY,
    "POST /api/token/blacklist/ succeeds": EMPTY,
}


def bodies(document, path, method):
    """The schemas of a request's body, in each of its media types."""
    content = document["paths"][path][method]["requestBody"]["content"]
    return [media["schema"] for media in content.values()]


def answer_of(document, path, method, status):
    """The media type of an answer in JSON."""
    return document["paths"][path][method]["responses"][status]["content"][
        "application/json"]


# What a description may lose, and the exchange that has to miss it.

def lose_a_path(document):
    del document["paths"]["/api/auth/logout/"]
    return "POST /api/auth/logout/ succeeds"


def lose_a_method(document):
    del document["paths"]["/api/auth/roles/{name}/"]["patch"]
    return "PATCH /api/auth/roles/{name}/ succeeds"


def lose_a_member(document):
    for schema in bodies(document, "/api/auth/verify-email/resend/", "post"):
        del schema["properties"]["email"]
        schema["required"] = []
    return "POST /api/auth/verify-email/resend/ succeeds"


def lose_the_pictures(document):
    body = document["paths"]["/api/auth/users/me/avatar/"]["put"]["requestBody"]
    body["content"] = {"multipart/form-data": body["content"][
        "multipart/form-data"]}
    return "PUT /api/auth/users/me/avatar/ succeeds"


def lose_what_is_required(document):
    for schema in bodies(document, "/api/auth/password-reset/", "post"):
        schema["required"] = []
    return "POST /api/auth/password-reset/ meets fields_invalid"


def mistake_a_parameter(document):
    item = document["paths"]["/api/auth/users/{id}/"]["get"]
    item["parameters"][0]["schema"] = {"type": "boolean"}
    return "GET /api/auth/users/{id}/ succeeds"


def lose_an_answer(document):
    answer_of(document, "/api/auth/sessions/", "get", "200")["schema"] = {}
    return "GET /api/auth/sessions/ succeeds"


def lose_a_part_of_an_answer(document):
    schema = answer_of(document, "/api/auth/login/", "post", "200")["schema"]
    schema["properties"]["user"] = {}
    return "POST /api/auth/login/ succeeds"


def lose_an_error(document):
    schema = answer_of(document, "/api/auth/users/me/", "get", "401")
    schema["schema"] = {}
    return "GET /api/auth/users/me/ succeeds"


def mistake_an_answer(document):
    schema = answer_of(document, "/api/auth/users/", "get", "200")["schema"]
    schema["properties"]["count"]["type"] = "string"
    return "GET /api/auth/users/ succeeds"


def lose_a_members_name(document):
    schema = answer_of(document, "/healthz", "get", "200")["schema"]
    schema["properties"]["state"] = schema["properties"].pop("status")
    schema["required"] = ["state"]
    return "GET /healthz succeeds"


CALLS_MISS = (lose_a_path, lose_a_method, lose_a_member, lose_the_pictures,
              lose_what_is_required, mistake_a_parameter, lose_an_answer,
              lose_a_part_of_an_answer, lose_an_error)
READERS_MISS = (mistake_an_answer, lose_a_members_name)


class TypedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.worlds = Worlds()
        cls.addClassCleanup(cls.worlds.close)
        cls.document = cls.worlds.open.deployment.get("/openapi.json").json()
        cls.description = Description(cls.document)
        cls.deployments, calls = {}, []
        for one in EXCHANGES:
            deployment, request = one.prepare(cls.worlds)
            cls.deployments[one.name] = deployment
            calls.append(TypedCall(one, deployment.http_port, request,
                                   cls.description))
        cls.program = TypedProgram(calls, OPENED)
        cls.bench = cls.make_bench(cls.document)
        errors = cls.program.errors(cls.bench)
        if errors:
            raise AssertionError(errors)
        cls.told = cls.program.run(cls.bench)
        # Each exchange holds its own.
        held.IDS.update(told.answer.header("X-Request-Id")
                        for told in cls.told.values())

    @classmethod
    def make_bench(cls, document):
        bench = cls.enterClassContext(Workbench())
        bench.take("exchanges.ts", "node.d.ts", "tsconfig.json")
        bench.make_types(json.dumps(document))
        return bench

    def exchange(self, one):
        answer = self.told[one.name].answer
        one.check(self, self.deployments[one.name], answer)
        self.description.hold(one.row.method, one.row.path, answer)

    def test_the_client_reads_what_was_sent(self):
        for told in self.told.values():
            kind = told.answer.header("Content-Type") or ""
            with self.subTest(name=told.name):
                if not told.answer.body:
                    self.assertIsNone(told.read)
                elif kind == "application/json":
                    self.assertEqual(told.answer.json(), told.read)
                elif kind.startswith("text/html"):
                    self.assertEqual(told.answer.text(), told.read)
                else:
                    self.assertEqual(told.answer.body,
                                     base64.b64decode(told.read))

    def test_every_answer_is_a_value_of_its_type(self):
        self.assertEqual([], self.program.answer_errors(self.bench,
                                                        self.told))

    def test_every_described_operation_is_called(self):
        described = {"%s %s succeeds" % (method.upper(), path)
                     for path, item in self.document["paths"].items()
                     for method in item}
        self.assertEqual(described, described & set(self.told))

    def test_only_calls_that_are_made_may_answer_anything(self):
        self.assertEqual(set(), set(OPENED) - set(self.told))

    def test_what_the_description_loses_is_missed(self):
        spoiled = copy.deepcopy(self.document)
        calls = {spoil(spoiled) for spoil in CALLS_MISS}
        readers = {spoil(spoiled) for spoil in READERS_MISS}
        bench = self.make_bench(spoiled)
        few = TypedProgram(
            [call for call in self.program.calls
             if call.name.endswith(("succeeds", "fields_invalid"))], OPENED)
        self.assertLessEqual(calls | readers,
                             {call.name for call in few.calls})
        missed = {name for name, _ in few.errors(bench)}
        self.assertEqual(calls, self.alone(missed))
        self.assertLessEqual(
            readers, {name for name, _ in few.answer_errors(bench,
                                                            self.told)})

    @staticmethod
    def alone(names):
        """Without the failures of a route whose success is among them."""
        return {name for name in names if name.endswith("succeeds")
                or name.split(" meets ")[0] + " succeeds" not in names}


for exchange in EXCHANGES:
    setattr(TypedTest, method_name(exchange.name),
            lambda self, one=exchange: self.exchange(one))


if __name__ == "__main__":
    unittest.main()
