"""Packs and unpacks the protobuf messages of docs/wire-protocol.md.

A message type is a table: field number -> (name, kind), where kind is
"uint" (uint32, uint64, int64, bool, enum), "text", "bytes" or another table.
A name that ends in "[]" is repeated. Unknown fields are skipped, absent
fields are absent from the dictionary.
"""

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


class Malformed(Exception):
    """The bytes are not such a message."""


def pack_varint(value):
    value &= 0xFFFFFFFFFFFFFFFF  # a negative int64 takes ten bytes
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def pack_field(number, kind, value):
    if kind == "uint":
        return pack_varint(number << 3 | VARINT) + pack_varint(int(value))
    if kind == "text":
        value = value.encode()
    elif kind != "bytes":
        value = pack(kind, value)
    return pack_varint(number << 3 | LENGTH) + pack_varint(len(value)) + value


def pack(table, message):
    """Returns the bytes of {name: value}."""
    out = b""
    names = set(message)
    for number, (name, kind) in sorted(table.items()):
        names.discard(name.removesuffix("[]"))
        value = message.get(name.removesuffix("[]"))
        if value is None:
            continue
        for one in value if name.endswith("[]") else [value]:
            out += pack_field(number, kind, one)
    if names:
        raise ValueError("no such field: %s" % names)
    return out


def unpack_varint(data, at):
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise Malformed("cut varint")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise Malformed("varint too long")


def unpack_fields(data):
    """Yields (number, wire type, value) of every field."""
    at = 0
    while at < len(data):
        tag, at = unpack_varint(data, at)
        wire = tag & 7
        if wire == VARINT:
            value, at = unpack_varint(data, at)
        else:
            if wire == LENGTH:
                size, at = unpack_varint(data, at)
            elif wire in (FIXED32, FIXED64):
                size = 4 if wire == FIXED32 else 8
            else:
                raise Malformed("wire type %d" % wire)
            if at + size > len(data):
                raise Malformed("cut field")
            value = bytes(data[at:at + size])
            at += size
        yield tag >> 3, wire, value


def unpack_value(kind, wire, value):
    if (kind == "uint") != (wire == VARINT):
        raise Malformed("wire type %d" % wire)
    if kind == "text":
        return value.decode()
    return unpack(kind, value) if isinstance(kind, dict) else value


def unpack(table, data):
    """Returns {name: value}; the last of a repeated singular field wins."""
    message = {}
    for number, wire, value in unpack_fields(data):
        if number not in table:
            continue
        name, kind = table[number]
        if not name.endswith("[]"):
            message[name] = unpack_value(kind, wire, value)
            continue
        values = message.setdefault(name.removesuffix("[]"), [])
        if kind == "uint" and wire == LENGTH:  # packed numbers
            at = 0
            while at < len(value):
                one, at = unpack_varint(value, at)
                values.append(one)
        else:
            values.append(unpack_value(kind, wire, value))
    return message
