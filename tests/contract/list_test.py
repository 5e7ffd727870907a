"""Lists of people who have written about themselves all that they may."""

import json
import unittest

from tests.contract.case import check_body, check_headers
from tests.contract.world import PASSWORD, World

USERS = "/api/auth/users/"
SESSIONS = "/api/auth/sessions/"
PEOPLE = 120         # more than a page, and more than an answer has room for
PAGE = 50            # users, where nobody says how many
LISTED = 200         # sessions, at most
USER_AGENT = 512     # bytes
WIDE = "\U0001f600"  # 4 bytes, as many as a character has in UTF-8
CONTROL = "\x01"     # 6 bytes, as many as a character has in JSON
NAMES = ["a%039d" % number for number in range(8)]  # as long as they may be
TEXTS = 8192         # bytes of all attributes of somebody, in JSON
TOO_LONG = ('{"page_size":["A page of this size is too long for one answer: '
            'ask for fewer."]}')


def longest(character):
    """All that somebody may write about themselves with this character."""
    size = len(json.dumps(character, ensure_ascii=False).encode()) - 2
    text = character * ((TEXTS // len(NAMES) - 2) // size)
    return dict({name: text for name in NAMES},
                first_name=character * 150, last_name=character * 150)


class ListCase(unittest.TestCase):
    CHARACTER = WIDE

    @classmethod
    def setUpClass(cls):
        # A configuration of an earlier version says less: that counts not.
        cls.world = World(
            server={"users.attributes":
                    [name + ":text:user" for name in NAMES]},
            gateway={"server.message_max": 327680})
        cls.addClassCleanup(cls.world.close)
        cls.values = longest(cls.CHARACTER)
        cls.people = [cls.world.register(**cls.values)
                      for _ in range(PEOPLE)]

    def page(self, query, status=200):
        answer = self.world.must(status, "GET", USERS + query,
                                 bearer=self.world.ada)
        check_headers(self, answer)
        return answer

    def check_page(self, query, count):
        users = self.page(query).json()["results"]
        self.assertEqual(count, len(users))
        for user in users:
            if user["id"] != self.world.ada.id:
                self.assertEqual(self.values, {name: user[name]
                                               for name in self.values})


class WideTest(ListCase):
    def test_everybody_is_listed(self):
        self.check_page("", PAGE)
        self.check_page("?page=2", PAGE)
        self.check_page("?page_size=20", 20)

    def test_who_asks_for_too_long_a_page_is_told_so(self):
        check_body(self, TOO_LONG, self.page("?page_size=200", 400))

    def test_more_than_all_is_refused_by_its_name(self):
        values = dict(self.values)
        values[NAMES[2]] += "x" * 99
        answer = self.world.must(400, "POST", "/api/auth/register/", {
            "email": "more@example.com", "password": PASSWORD, **values})
        check_body(self, '{"%s":["The texts of all attributes are too long '
                         'together: in JSON they may have 8192 bytes."]}'
                         % NAMES[-1], answer)


class ControlTest(ListCase):
    """What JSON makes six times longer."""

    CHARACTER = CONTROL

    def test_everybody_is_listed(self):
        self.check_page("", PAGE)
        self.check_page("?page_size=200", PEOPLE + 1)

    def test_all_sessions_are_listed(self):
        person = self.people[0]
        agent = '"' * USER_AGENT  # no control characters in a header
        for _ in range(LISTED):
            person = self.world.enter(person.email, person.password,
                                      headers={"User-Agent": agent})
        sessions = self.world.must(200, "GET", SESSIONS,
                                   bearer=person).json()
        self.assertEqual(LISTED, len(sessions))
        self.assertEqual({agent}, {s["device"] for s in sessions})
