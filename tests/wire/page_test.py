"""docs/wire-protocol.md says what proto/ says, and so do the test's tables."""

import glob
import re
import struct
import unittest

from tests.wire import messages, protobuf, wire_client

PAGE = "docs/wire-protocol.md"
PROTOS = (glob.glob("proto/latchkey/rpc/v1/*.proto")
          + glob.glob("proto/latchkey/v1/*.proto"))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def declarations(kind):
    """Yields (full name, body) of every message or enum in proto/."""
    for path in PROTOS:
        text = re.sub(r"//.*", "", read(path))
        package = re.search(r"^package (\S+);", text, re.M).group(1)
        for found in re.finditer(r"^%s (\w+) \{(\}|.*?^\})" % kind, text,
                                 re.M | re.S):
            yield package + "." + found.group(1), found.group(2)


def fields(body):
    """Returns {number: (repeated, type, name)} of a message's body."""
    return {int(number): (bool(repeated), kind, name)
            for repeated, kind, name, number in re.findall(
                r"(repeated )?([\w.]+) (\w+) = (\d+);", body)}


def page_tables():
    """Returns {message: {number: (repeated, type, name)}} of the page.

    A table belongs to the last message that its section named before it.
    """
    tables, current = {}, None
    for line in read(PAGE).splitlines():
        row = re.match(r"\| (\d+) \| (\w+) \| (repeated )?(\w+) \|", line)
        if row and current:
            number, name, repeated, kind = row.groups()
            tables.setdefault(current, {})[int(number)] = (
                bool(repeated), kind, name)
        elif not line.startswith("|"):
            current = None if line.startswith("#") else current
            named = re.findall(r"latchkey(?:\.rpc)?\.v1\.\w+(?![\w/.])", line)
            if named:
                current = named[-1]
    return tables


def bare(table):
    """A message table of the tests as {number: name}."""
    return {n: name.removesuffix("[]") for n, (name, _) in table.items()}


def example(name):
    found = re.search(r"```%s\n(.*?)```" % name, read(PAGE), re.S)
    return bytes.fromhex(found.group(1))


class PageTest(unittest.TestCase):
    def test_every_message_on_the_page_has_all_its_fields(self):
        declared = {name: fields(body)
                    for name, body in declarations("message")}
        for name, table in page_tables().items():
            with self.subTest(message=name):
                self.assertEqual(declared.get(name), table)

    def test_the_whole_envelope_is_on_the_page(self):
        envelope = {name for name, _ in declarations("message")
                    if name.startswith("latchkey.rpc.v1.")}
        self.assertTrue(envelope)
        self.assertEqual(set(), envelope - set(page_tables()))

    def test_the_page_has_every_reason(self):
        body = dict(declarations("enum"))["latchkey.rpc.v1.Reason"]
        said = re.findall(r"\| (\d+) \| (REASON_\w+) \|", read(PAGE))
        self.assertEqual(
            {(number, name) for name, number
             in re.findall(r"(REASON_\w+) = (\d+);", body)}, set(said))

    def test_every_method_on_the_page_is_served(self):
        names = set()
        for path in PROTOS:
            text = read(path)
            package = re.search(r"^package (\S+);", text, re.M).group(1)
            for service, body in re.findall(
                    r"^service (\w+) \{(.*?)^\}", text, re.M | re.S):
                names |= {"%s.%s/%s" % (package, service, rpc)
                          for rpc in re.findall(r"^  rpc (\w+)", body, re.M)}
        headings = set(re.findall(r"^### (\S+/\S+)$", read(PAGE), re.M))
        self.assertEqual(set(), headings - names)
        self.assertEqual(headings, set(messages.METHODS))

    def test_the_tables_of_the_tests_agree_with_the_page(self):
        tables = page_tables()
        for method, (request, response) in messages.METHODS.items():
            rpc = "latchkey.v1." + method.split("/")[1]
            with self.subTest(method=method):
                for suffix, table in (("Request", request),
                                      ("Response", response)):
                    self.assertEqual(
                        {n: f[2] for n, f
                         in tables.get(rpc + suffix, {}).items()},
                        bare(table))

    def test_the_worked_example_is_what_a_client_sends(self):
        request = messages.METHODS["latchkey.v1.AuthService/Authenticate"][0]
        payload = protobuf.pack(request, {"identifier": "ada@example.com",
                                          "password": "S3cret-pass!"})
        self.assertEqual(example("payload"), payload)
        call = protobuf.pack(messages.CALL, {
            "method": "latchkey.v1.AuthService/Authenticate",
            "payload": payload, "request_id": bytes(range(16)),
            "timeout_ms": 5000})
        self.assertEqual(example("call"), call)
        body = struct.pack(">I", 0x80000001) + call
        tls = wire_client.Stream(None, False)
        self.assertEqual(example("frame"), tls.frame(body))
        ipc = wire_client.Stream(None, True)
        self.assertEqual(b"\1" + example("frame"), ipc.frame(body))
        self.assertEqual(example("greeting"), wire_client.greeting())

    def test_the_worked_reply_reads_as_the_page_says(self):
        self.assertEqual(
            {"request_id": bytes(range(16)),
             "status": {"code": 16, "reason": 40, "subject": 1,
                        "message": "Wrong password."}},
            protobuf.unpack(messages.REPLY, example("reply")))
