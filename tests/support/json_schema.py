"""JSON Schema (2020-12), as much of it as /openapi.json uses.

A keyword that is not known here is an error and never passed over, so that a
schema cannot promise what nothing checks.
"""

import re

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")

# Notes for people and generators; they rule nothing out.
NOTES = {"contentMediaType", "description", "summary"}
FORMATS = {
    "date-time": DATE_TIME.match,
    "uri-reference": lambda text: not re.search(r"\s", text),
    "password": lambda text: True,
}


class UnknownKeyword(Exception):
    """A schema says something that this module cannot check."""


def is_type(value, name):
    """Whether a value is of one of JSON Schema's types."""
    if isinstance(value, bool):
        return name == "boolean"
    if value is None:
        return name == "null"
    types = {"string": str, "integer": int, "number": (int, float),
             "array": list, "object": dict}
    if name not in types and name not in ("boolean", "null"):
        raise UnknownKeyword("type " + name)
    return isinstance(value, types.get(name, ()))


def same(one, other):
    """Equality that tells 1 from true."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


class Checker:
    """Holds values against schemas of one document."""

    def __init__(self, document):
        self.document = document

    def resolve(self, ref):
        """What "#/components/schemas/user" refers to."""
        found = self.document
        if not ref.startswith("#/"):
            raise UnknownKeyword("a reference to " + ref)
        for part in ref[2:].split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return found

    def errors(self, schema, value, at="$"):
        """Every way in which a value is not what the schema allows."""
        found = []
        if isinstance(schema, bool):
            return [] if schema else ["%s must not be there" % at]
        for keyword, rule in schema.items():
            if keyword in NOTES:
                continue
            check = getattr(self, "_" + keyword.replace("$", ""), None)
            if check is None:
                raise UnknownKeyword("%s: %s" % (at, keyword))
            found += check(rule, value, at, schema)
        return found

    def _ref(self, rule, value, at, _):
        return self.errors(self.resolve(rule), value, at)

    def _type(self, rule, value, at, _):
        names = rule if isinstance(rule, list) else [rule]
        if any([is_type(value, name) for name in names]):
            return []
        return ["%s: %.60r is no %s" % (at, value, " or ".join(names))]

    def _const(self, rule, value, at, _):
        return [] if same(rule, value) else [
            "%s: %.60r is not %.60r" % (at, value, rule)]

    def _enum(self, rule, value, at, _):
        return [] if any(same(r, value) for r in rule) else [
            "%s: %.60r is none of %r" % (at, value, rule)]

    def _anyOf(self, rule, value, at, _):
        found = []
        for schema in rule:
            errors = self.errors(schema, value, at)
            if not errors:
                return []
            found += errors
        return ["%s: none of %d fits: %s" % (at, len(rule),
                                             "; ".join(found[:8]))]

    def _allOf(self, rule, value, at, _):
        return [error for schema in rule
                for error in self.errors(schema, value, at)]

    def _properties(self, rule, value, at, _):
        if not isinstance(value, dict):
            return []
        return [error for name in rule if name in value for error in
                self.errors(rule[name], value[name], at + "." + name)]

    def _required(self, rule, value, at, _):
        if not isinstance(value, dict):
            return []
        return ["%s.%s is missing" % (at, name)
                for name in rule if name not in value]

    def _additionalProperties(self, rule, value, at, schema):
        if not isinstance(value, dict):
            return []
        named = schema.get("properties", {})
        return [error for name in value if name not in named for error in
                self.errors(rule, value[name], at + "." + name)]

    def _items(self, rule, value, at, _):
        if not isinstance(value, list):
            return []
        return [error for index, item in enumerate(value) for error in
                self.errors(rule, item, "%s[%d]" % (at, index))]

    def _minItems(self, rule, value, at, _):
        bad = isinstance(value, list) and len(value) < rule
        return ["%s has fewer than %d items" % (at, rule)] if bad else []

    def _maxItems(self, rule, value, at, _):
        bad = isinstance(value, list) and len(value) > rule
        return ["%s has more than %d items" % (at, rule)] if bad else []

    def _minLength(self, rule, value, at, _):
        bad = isinstance(value, str) and len(value) < rule
        return ["%s is shorter than %d" % (at, rule)] if bad else []

    def _maxLength(self, rule, value, at, _):
        bad = isinstance(value, str) and len(value) > rule
        return ["%s is longer than %d" % (at, rule)] if bad else []

    def _pattern(self, rule, value, at, _):
        bad = isinstance(value, str) and not re.search(rule, value)
        return ["%s: %.60r is not like %s" % (at, value, rule)] if bad else []

    def _minimum(self, rule, value, at, _):
        bad = is_type(value, "number") and value < rule
        return ["%s: %r is less than %r" % (at, value, rule)] if bad else []

    def _maximum(self, rule, value, at, _):
        bad = is_type(value, "number") and value > rule
        return ["%s: %r is more than %r" % (at, value, rule)] if bad else []

    def _format(self, rule, value, at, _):
        if rule not in FORMATS:
            raise UnknownKeyword("%s: format %s" % (at, rule))
        bad = isinstance(value, str) and not FORMATS[rule](value)
        return ["%s: %.60r is no %s" % (at, value, rule)] if bad else []
