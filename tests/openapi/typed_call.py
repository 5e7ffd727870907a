"""A call of the typed client, as TypeScript, that sends what a Request says.

What the types allow is written as a user would write it. What no description
can allow (bytes that are not JSON, a query that is cut) is cast to `never`,
and of what the types must refuse the compiler has to say so.
"""

import json
import urllib.parse

from tests.support.description import is_parameter, split

HEAD = 'import { at, bytes, navigate, tell, useful } from "./exchanges.js";'
FORM = "application/x-www-form-urlencoded"
RUN_MAX = 1000  # a longer text is one character, repeated


def literal(value):
    """A value as TypeScript."""
    if isinstance(value, str) and len(value) > RUN_MAX and (
            len(set(value)) == 1):
        return "%s.repeat(%d)" % (literal(value[0]), len(value))
    return json.dumps(value)


def record(members):
    """An object of members that are TypeScript; "" if all are empty."""
    parts = ["%s: %s" % item for item in members.items() if item[1]]
    return "{ %s }" % ", ".join(parts) if parts else ""


def of_type(schema, text):
    """A parameter's text as a value of its type."""
    kind = schema.get("type")
    if kind == "integer" and text.isdigit():
        return literal(int(text))
    if kind == "boolean" and text in ("true", "false"):
        return text
    return literal(text)


def takes(schema, value):
    """Whether the type of a body has room for an object."""
    return schema.get("type") == "object" and (
        set(schema.get("required", ())) <= set(value))


class TypedCall:
    """An exchange's request to a gateway at a port."""

    def __init__(self, exchange, port, request, description):
        self.exchange = exchange
        self.name = exchange.name
        self.port = port
        self.request = request
        self.path = exchange.row.path
        self.operation = description.document["paths"].get(
            self.path, {}).get(request.method.lower(), {})

    def described(self, place):
        """Schemas of the parameters that lie in "path" or "query"."""
        return {p["name"]: p["schema"]
                for p in self.operation.get("parameters", ())
                if p["in"] == place}

    def path_parameters(self):
        known = self.described("path")
        target = self.request.path.split("?")[0]
        return {name[1:-1]: of_type(known.get(name[1:-1], {}),
                                    urllib.parse.unquote(text))
                for name, text in zip(split(self.path), split(target))
                if is_parameter(name)}

    def query(self):
        """(parameters by their names, or the text of what has none)."""
        text = urllib.parse.urlsplit(self.request.path).query
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True)
        known = self.described("query")
        if {name for name, _ in pairs} <= set(known) and (
                urllib.parse.urlencode(pairs) == text):
            return {name: of_type(known[name], value)
                    for name, value in pairs}, None
        return {}, text

    def members(self):
        """The body as an object; None if it is none."""
        if self.request.json is not None or self.request.body is None:
            return self.request.json
        text = self.text()
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True)
        is_form = self.request.headers.get("Content-Type") == FORM
        return dict(pairs) if is_form and (
            urllib.parse.urlencode(pairs) == text) else None

    def text(self):
        """The bytes of the body, each as a character."""
        return self.request.body.decode("latin-1")

    def is_picture(self):
        kind = self.request.headers.get("Content-Type", "")
        return kind.startswith("image/")

    def is_unknown(self):
        """Whether a parameter of the path is none of those it may be."""
        known = self.described("path")
        return any(json.loads(text) not in known[name]["enum"]
                   for name, text in self.path_parameters().items()
                   if "enum" in known.get(name, ()))

    def is_refused(self):
        """Whether the types ask for something that is not there."""
        if self.is_unknown():
            return True
        needed = {p["name"] for p in self.operation.get("parameters", ())
                  if p["required"] and p["in"] == "query"}
        if needed - set(self.query()[0]):
            return True
        value = self.members()
        kinds = self.operation.get("requestBody", {}).get("content", {})
        return value is not None and bool(kinds) and not any(
            takes(media["schema"], value) for media in kinds.values())

    def parse_as(self):
        """How a success is read; None: as JSON, which is the default."""
        if self.exchange.is_page:
            return "text"
        answer = self.operation.get("responses", {}).get(
            str(self.exchange.status), {})
        kinds = answer.get("content", {})
        if self.exchange.condition or not kinds or (
                "application/json" in kinds):
            return None
        return "text" if "text/html" in kinds else "arrayBuffer"

    def headers(self):
        found = dict(self.request.headers)
        if self.request.bearer is not None:
            found.setdefault("Authorization", "Bearer " + self.request.bearer)
        return {literal(name): literal(text) for name, text in found.items()}

    def body(self):
        """The members of the options that make the body."""
        value = self.members()
        if self.request.body is None:
            return {} if value is None else {"body": literal(value)}
        body = '"" as never'
        if value is not None:
            body = literal(value)
        elif self.is_picture():
            body = literal(self.text())
        return {"body": body,
                "bodySerializer": "bytes(%s)" % literal(self.text())}

    def options(self):
        found = {}
        query, text = self.query()
        found["params"] = record({
            "path": record(self.path_parameters()), "query": record(query)})
        found["headers"] = record(self.headers())
        found.update(self.body())
        if text is not None:
            found["querySerializer"] = "() => " + literal(text)
        if self.parse_as():
            found["parseAs"] = literal(self.parse_as())
        if self.exchange.variant != "script":
            found["fetch"] = "navigate"
        return record(found)

    def has_json(self):
        """Whether a success is JSON."""
        return not self.exchange.condition and not self.parse_as() and (
            self.exchange.row.expect != "")

    def lines(self, number, is_open):
        """The call as lines of TypeScript; number is another for each.

        is_open: the type of the answer must not say what is in it, otherwise
        that of a success in JSON has to; and that of every error.
        """
        call = "const a%d = await tell(%s, at(%d).%s(%s));" % (
            number, literal(self.name), self.port, self.request.method,
            ", ".join(filter(None, (literal(self.path), self.options()))))
        if self.is_refused():
            yield "// @ts-expect-error: the types ask for something else"
        yield call
        if is_open:
            yield "// @ts-expect-error: it may hold anything"
        if self.has_json():
            yield "useful<typeof a%d.data>();" % number
        if not self.exchange.condition:
            yield "useful<typeof a%d.error>();" % number
