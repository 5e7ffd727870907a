"""Every message, field, enum value, service and rpc in proto/ says what it is."""

import glob
import os
import re
import unittest

DECLARATION = re.compile(
    r"^\s*(message|enum|service|rpc|oneof|repeated |[\w.]+ \w+ = \d+;|[A-Z_0-9]+ = \d+;)")
# Says all by being there.
EXEMPT = re.compile(r"^\s*(message \w+ \{\}|\w+_UNSPECIFIED = 0;|oneof )")
# A request or response is described by its rpc and its fields.
EXCHANGE = re.compile(r"^message \w+(Request|Response) \{")


def undocumented(path):
    """Yields the declarations that no comment precedes."""
    previous = ""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if (DECLARATION.match(line) and not EXEMPT.match(line)
                    and not EXCHANGE.match(line)
                    and not previous.lstrip().startswith("//")
                    and not (previous.lstrip().startswith("oneof"))):
                yield "%s:%d: %s" % (path, number, line.strip())
            previous = line


class CommentsTest(unittest.TestCase):

    def test_every_declaration_has_a_comment(self):
        paths = glob.glob("proto/latchkey/**/*.proto", recursive=True)
        self.assertGreater(len(paths), 10)
        missing = [text for path in sorted(paths) for text in undocumented(path)]
        self.assertEqual([], missing, "\n".join(missing))

    def test_an_undocumented_field_is_found(self):
        path = os.path.join(os.environ["TEST_TMPDIR"], "x.proto")
        with open(path, "w", encoding="utf-8") as file:
            file.write("// A thing.\nmessage Thing {\n  string name = 1;\n}\n")
        self.assertEqual(["%s:3: string name = 1;" % path],
                         list(undocumented(path)))
