"""The message tables of methods that docs/wire-protocol.md does not write
out: made from their .proto files, as the page says."""

import functools
import re

FOLDER = "proto/latchkey/v1/"
PREFIX = "latchkey.v1."
FILES = ("account_service", "auth_service", "health_service", "key_service",
         "role_service", "session_service", "user", "user_service")

KINDS = {"string": "text", "bytes": "bytes", "bool": "uint",
         "uint32": "uint", "uint64": "uint", "int64": "uint"}


@functools.lru_cache(maxsize=None)
def source():
    """All files in one, without comments."""
    parts = []
    for name in FILES:
        with open(FOLDER + name + ".proto", encoding="utf-8") as file:
            parts.append(re.sub(r"//.*", "", file.read()))
    return "\n".join(parts)


def kind_of(name):
    if name in KINDS:
        return KINDS[name]
    if re.search(r"^enum %s \{" % name, source(), re.M):
        return "uint"
    return message(name)


@functools.lru_cache(maxsize=None)
def message(name):
    """The table of a message, for tests/wire/protobuf.py."""
    body = re.search(r"^message %s \{(\}|.*?^\})" % name, source(),
                     re.M | re.S).group(1)
    return {int(number): (field + ("[]" if repeated else ""), kind_of(kind))
            for repeated, kind, field, number in re.findall(
                r"(repeated )?(\w+) (\w+) = (\d+);", body)}


def method(name):
    """The tables of a method's request and response."""
    rpc = name.split("/")[1]
    request, response = re.search(
        r"rpc %s\((\w+)\)\s+returns \((\w+)\);" % rpc, source()).groups()
    return message(request), message(response)
