"""/openapi.json, and whether an answer is one that it allows."""

import json
import urllib.parse

from tests.support import process, programs
from tests.support.json_schema import Checker


# Names of the schemas of what may be met before there is a route.
EARLY = tuple("error." + name for name in (
    "not_found", "method_not_allowed", "not_acceptable", "credentials_",
    "caller.", "framing", "request_timeout", "body_too_large",
    "uri_too_long", "head_too_large", "unavailable", "internal"))


class NotDescribed(AssertionError):
    """An answer that the description does not allow."""


def split(path):
    """The segments of a path; its last slash does not count."""
    parts = path.split("/")[1:]
    if parts and parts[-1] == "":
        parts.pop()
    return parts


def is_parameter(segment):
    return segment.startswith("{")


class Description:
    """One OpenAPI document."""

    def __init__(self, document):
        self.document = document
        self.checker = Checker(document)
        # A literal segment wins over a parameter, the leftmost first.
        self.paths = sorted(
            document["paths"],
            key=lambda path: [is_parameter(s) for s in split(path)])

    @classmethod
    def of_gateway(cls, *options):
        """What the gateway under test says of its profiles."""
        status, out, err = process.run(
            [programs.gateway(), "openapi", *options])
        if status != 0:
            raise process.ProcessFailed(err)
        return cls(json.loads(out))

    def find(self, target):
        """The path of a request's target; None if none is described."""
        wanted = split(target.split("?")[0])
        for path in self.paths:
            known = split(path)
            if len(known) == len(wanted) and all(
                    is_parameter(a) or a == urllib.parse.unquote(b)
                    for a, b in zip(known, wanted)):
                return path
        return None

    def operation(self, method, target):
        path = self.find(target)
        method = "get" if method == "HEAD" else method.lower()
        return path and self.document["paths"][path].get(method)

    def errors(self, method, target, answer):
        """Every way in which an answer is not what is described.

        method is None if the request had none that can be read.
        """
        if method == "OPTIONS" and answer.status == 200:
            return ["a body is there"] if answer.body else []
        operation = method and self.operation(method, target)
        if operation is None:
            return self._unknown(method, answer)
        response = operation["responses"].get(str(answer.status))
        if response is None:
            return ["the status %d is not described" % answer.status]
        missing = ["the header %s is missing" % name
                   for name, header in response.get("headers", {}).items()
                   if header.get("required") and not answer.all(name)]
        if method == "HEAD":
            return missing
        return missing + self._content(response.get("content", {}), answer)

    def _unknown(self, method, answer):
        """No such route: an error, and one that has a name."""
        if answer.status < 400:
            return ["the route is not described"]
        if method == "HEAD":
            return []
        try:
            value = answer.json()
        except ValueError:
            return ["the body is no JSON"]
        names = [name for name in self.document["components"]["schemas"]
                 if name.startswith(EARLY)]
        for name in names:
            if not self.checker.errors(
                    {"$ref": "#/components/schemas/" + name}, value):
                return []
        return ["%r is no error that is described" % value]

    def _content(self, content, answer):
        if not answer.body:
            return (["a body is described, and there is none"]
                    if content and answer.status != 304 else [])
        kind = (answer.header("Content-Type") or "").split(";")[0]
        media = content.get(kind, content.get("*/*"))
        if media is None:
            return ["%r is not described" % kind]
        if kind != "application/json":
            return []
        return self.checker.errors(media["schema"], answer.json())

    def hold(self, method, target, answer):
        """Raises NotDescribed if an answer is not what is described."""
        errors = self.errors(method, target, answer)
        if errors:
            raise NotDescribed("%s %s: %r\n%s" % (
                method, target, answer, "\n".join(errors)))
