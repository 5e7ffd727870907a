"""Spectral, another public linter, finds nothing in what the gateway says of
the profiles that ship and of those that the documentation shows."""

import copy
import json
import unittest

from tests.support import node
from tests.support.description import Description

RULES = "tests/openapi/spectral.yaml"
DOCUMENT = Description.of_gateway("--profile-dir",
                                  "gateway/testdata/profiles").document


def problems_of(document):
    """[(rule, place)] of everything that it finds."""
    status, output = node.run_tool(
        ["spectral", "lint", "--quiet", "--format", "json",
         "--fail-severity", "hint", "--ruleset", RULES, "openapi.json"],
        [RULES], {"openapi.json": json.dumps(document)})
    found = [(problem["code"], ".".join(map(str, problem["path"])))
             for problem in json.loads(output)]
    if (status != 0) != bool(found):
        raise AssertionError("spectral: %d\n%s" % (status, output))
    return found


class SpectralTest(unittest.TestCase):
    def test_it_finds_nothing_wrong(self):
        self.assertEqual([], problems_of(DOCUMENT))

    def test_it_looks_at_the_examples(self):
        spoiled = copy.deepcopy(DOCUMENT)
        login = spoiled["paths"]["/api/auth/login/"]["post"]
        login["requestBody"]["content"]["application/json"]["example"][
            "email"] = 7
        answer = login["responses"]["200"]["content"]["application/json"]
        answer["examples"]["success"]["value"]["user"]["id"] = "seven"
        places = {place for rule, place in problems_of(spoiled)
                  if rule == "oas3-valid-media-example"}
        self.assertEqual(2, len(places), places)


if __name__ == "__main__":
    unittest.main()
