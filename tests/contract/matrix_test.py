"""Every route with every condition that it declares, one case each.

A route without a row in route_rows.py fails, and so does a condition that
nothing provokes.
"""

import unittest

from tests.contract import declared, route_rows
from tests.contract.case import method_name
from tests.contract.exchange import exchanges_of
from tests.contract.worlds import Worlds


class MatrixTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.worlds = Worlds()
        cls.addClassCleanup(cls.worlds.close)

    def exchange(self, one):
        deployment, request = one.prepare(self.worlds)
        one.check(self, deployment, request.send(deployment.http_port))


def add_test(sentence, run):
    name = method_name(sentence)
    if hasattr(MatrixTest, name):
        raise ValueError("two cases are called %r" % sentence)
    setattr(MatrixTest, name, run)


def add_route(route):
    key = declared.key(route)
    found = exchanges_of(route)
    if found is None:
        add_test(key + " is tested",
                 lambda self: self.fail("nothing tests " + key))
        return
    for one in found:
        add_test(one.name, lambda self, one=one: self.exchange(one))


for declared_route in declared.routes():
    add_route(declared_route)


class CompletenessTest(unittest.TestCase):
    def test_every_row_is_a_route(self):
        there = {declared.key(route) for route in declared.routes()}
        self.assertEqual(set(), set(route_rows.ROWS) - there)

    def test_every_shipped_profile_is_declared(self):
        self.assertLessEqual(
            {"django-auth", "simplejwt", "nextauth", "car-management",
             "operations"}, {r["profile"] for r in declared.routes()})


if __name__ == "__main__":
    unittest.main()
