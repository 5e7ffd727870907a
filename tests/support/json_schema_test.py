import unittest

from tests.support.json_schema import Checker, UnknownKeyword

CHECKER = Checker({"components": {"schemas": {
    "user": {"type": "object", "properties": {"id": {"type": "integer"}},
             "required": ["id"], "additionalProperties": False}}}})
USER = {"$ref": "#/components/schemas/user"}


class JsonSchemaTest(unittest.TestCase):
    def allows(self, schema, *values):
        for value in values:
            self.assertEqual([], CHECKER.errors(schema, value))

    def refuses(self, schema, *values):
        for value in values:
            self.assertNotEqual([], CHECKER.errors(schema, value), value)

    def test_types_are_told_apart(self):
        self.allows({"type": "integer"}, 1)
        self.refuses({"type": "integer"}, True, "1", 1.5, None)
        self.allows({"type": ["string", "null"]}, "x", None)
        self.refuses({"type": ["string", "null"]}, 0, False)
        self.allows({"type": "boolean"}, False)
        self.refuses({"type": "boolean"}, 0, None)

    def test_constants_and_enums(self):
        self.allows({"const": 1}, 1)
        self.refuses({"const": 1}, True, 2)
        self.allows({"enum": ["a", None]}, "a", None)
        self.refuses({"enum": ["a"]}, "b")

    def test_objects_have_what_is_required_and_nothing_else(self):
        self.allows(USER, {"id": 1})
        self.refuses(USER, {}, {"id": "1"}, {"id": 1, "more": 1}, [])
        open_one = {"additionalProperties": {"type": "string"}}
        self.allows(open_one, {"a": "b"})
        self.refuses(open_one, {"a": 1})

    def test_lists_are_checked_by_their_items_and_length(self):
        schema = {"type": "array", "items": USER, "minItems": 1,
                  "maxItems": 1}
        self.allows(schema, [{"id": 1}])
        self.refuses(schema, [], [{}], [{"id": 1}, {"id": 2}])

    def test_one_of_several_is_enough_and_all_of_all_are_not(self):
        schemas = [{"type": "string"}, {"maxLength": 1}]
        self.allows({"anyOf": schemas}, "xx", 7)
        self.refuses({"allOf": schemas}, "xx", 7)

    def test_lengths_bounds_and_formats(self):
        self.refuses({"minLength": 1}, "")
        self.refuses({"maxLength": 1}, "xx")
        self.refuses({"pattern": "^a.$"}, "ba", "abc")
        self.refuses({"minimum": 0}, -1)
        self.refuses({"maximum": 9}, 10)
        self.allows({"format": "date-time"}, "2026-01-02T03:04:05.678901Z")
        self.refuses({"format": "date-time"}, "yesterday")

    def test_what_it_does_not_know_is_an_error(self):
        for schema in ({"not": {}}, {"format": "email"},
                       {"type": "text"}, {"$ref": "other.json"}):
            with self.assertRaises(UnknownKeyword):
                CHECKER.errors(schema, "x")


if __name__ == "__main__":
    unittest.main()
