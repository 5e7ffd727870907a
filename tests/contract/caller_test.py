"""Who may not ask hears of that, and not of what is wrong with the request."""

import unittest

from tests.contract import conditions, route_rows
from tests.contract.case import check_body, check_headers, method_name
from tests.contract.exchange import logged
from tests.contract.worlds import Worlds

JUNK_TOKEN = "x.y.z"
NO_METHOD = (405, conditions.detail('Method \\"PROPFIND\\" not allowed.'))


def wrong_method(row, world):
    request = row.plain(world)
    request.method = "PROPFIND"
    return request


def wrong_page(row, world):
    return row.request(world, path=row.path + "?page=x")


def faults(row):
    """{condition: maker} of what is refused before the route's own call."""
    found = {"method_not_allowed": wrong_method}
    if row.method in ("POST", "PUT", "PATCH") and row.value is not None:
        found["json_malformed"] = conditions.with_body(b"{")
        found["media_type_unsupported"] = conditions.with_body(
            b"x", "text/plain")
    if "PAGE_INVALID" in row.own:
        found["PAGE_INVALID"] = wrong_page
    return found


class CallerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.worlds = Worlds()
        cls.addClassCleanup(cls.worlds.close)

    def bearers(self, row, fault):
        """Tokens, and what each hears who sends this fault."""
        world = self.worlds.open
        yield JUNK_TOKEN, "caller.TOKEN_INVALID"
        yield world.ended.access, "caller.TOKEN_REVOKED"
        if row.needs == "staff" and fault != "method_not_allowed":
            yield world.pat.access, "permission_denied"
        yield world.ada.access, fault

    def outrank(self, row):
        world = self.worlds.open
        for fault, make in faults(row).items():
            for bearer, condition in self.bearers(row, fault):
                with self.subTest(fault=fault, condition=condition):
                    request = make(row, world)
                    request.bearer = bearer
                    self.check(row, condition, request.send(world.port))

    def check(self, row, condition, answer):
        line = logged(self.worlds.open.deployment, answer)
        self.assertEqual(condition, line.get("condition"))
        status, body = (NO_METHOD if condition == "method_not_allowed"
                        else conditions.expected(row, condition))
        self.assertEqual(status, answer.status)
        check_headers(self, answer)
        check_body(self, body, answer)


for key, needy in route_rows.ROWS.items():
    if needy.needs:
        setattr(CallerTest, method_name(key + " looks at the caller first"),
                lambda self, row=needy: self.outrank(row))


if __name__ == "__main__":
    unittest.main()
