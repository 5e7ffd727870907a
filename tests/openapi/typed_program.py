"""A program of typed calls: whether it compiles, and what it is answered."""

import base64
import json
import re

from tests.openapi.typed_call import HEAD, literal
from tests.support.http_client import Response

ANSWER = '''import type { paths } from "./schema.js";
type Answer<P extends keyof paths, M extends keyof paths[P], S> =
	paths[P][M] extends { responses: infer R } ? S extends keyof R
		? R[S] extends { content: { "application/json": infer T } } ? T
	: never : never : never;
'''


class Told:
    """What the client printed of one call."""

    def __init__(self, line):
        value = json.loads(line)
        self.name = value["name"]
        self.answer = Response(value["status"], value["headers"],
                               base64.b64decode(value["body"]))
        # What the client made of the body.
        self.read = value.get(
            "data" if self.answer.status < 400 else "error")


class TypedProgram:
    """Calls in a row. opened: names of calls that may answer anything."""

    def __init__(self, calls, opened=()):
        self.calls = calls
        self.lines = [(HEAD, None)]
        for number, call in enumerate(calls):
            self.lines += [(line, call.name) for line in call.lines(
                number, call.name in opened)]

    def errors(self, bench):
        """What tsc has against them: [(name of the call, message)]."""
        return compile_lines(bench, "calls.ts", self.lines)

    def run(self, bench):
        """Makes the calls of what compiled: {name: Told}."""
        lines = bench.must("out/calls.js").splitlines()
        return {told.name: told for told in map(Told, lines)}

    def answer_errors(self, bench, told):
        """What tsc has against the answers in JSON, each held to the type
        that its reader sees; as errors()."""
        lines = [(line, None) for line in ANSWER.splitlines()]
        for number, call in enumerate(self.calls):
            answer = told[call.name].answer
            if answer.header("Content-Type") == "application/json":
                lines.append(("export const a%d: Answer<%s, %s, %d> = %s;" % (
                    number, literal(call.path),
                    literal(call.request.method.lower()), answer.status,
                    answer.text()), call.name))
        return compile_lines(bench, "answers.ts", lines)


def compile_lines(bench, name, lines):
    """Compiles (line, whose it is); [(whose it is, message)]."""
    bench.put(name, "".join(line + "\n" for line, _ in lines))
    status, output = bench.compile(name, "node.d.ts")
    found = [(lines[int(number) - 1][1], text) for number, text in re.findall(
        r"^%s\((\d+),\d+\): (.*)$" % re.escape(name), output, re.MULTILINE)]
    # An error may also lie in another file.
    if bool(found) != (status != 0):
        raise AssertionError(output)
    return found
