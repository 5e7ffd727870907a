"""Where one is logged in, and how sessions end."""

import unittest

from tests.contract.case import check_body
from tests.contract.world import World
from tests.support import jwt

SESSIONS = "/api/auth/sessions/"
ENDED = "Token is blacklisted"


class SessionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def sessions(self, person):
        return self.world.must(200, "GET", SESSIONS, bearer=person).json()

    def assert_ended(self, person):
        answer = self.world.must(401, "GET", SESSIONS, bearer=person)
        self.assertIn(ENDED, answer.text())
        answer = self.world.must(401, "POST", "/api/auth/token/refresh/",
                                 {"refresh": person.refresh})
        self.assertIn(ENDED, answer.text())

    def test_a_session_tells_device_address_and_times(self):
        person = self.world.register()
        self.world.enter(person.email, headers={"User-Agent": "Kettle/1.0"})
        newest, first = self.sessions(person)
        self.assertEqual(["id", "device", "address", "created", "last_used",
                          "current"], list(newest))
        self.assertEqual(("Kettle/1.0", "127.0.0.1", False),
                         (newest["device"], newest["address"],
                          newest["current"]))
        self.assertTrue(first["current"])
        self.assertEqual(jwt.claims(person.access)["sid"], first["id"])
        for name in ("created", "last_used"):
            self.assertRegex(newest[name],
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")

    def test_an_ended_session_is_gone_at_once(self):
        person = self.world.register()
        other = self.world.enter(person.email)
        where = "%s%s/" % (SESSIONS, jwt.claims(other.access)["sid"])
        answer = self.world.must(204, "DELETE", where, bearer=person)
        self.assertEqual(b"", answer.body)
        self.assert_ended(other)
        self.assertEqual(1, len(self.sessions(person)))
        self.world.must(404, "DELETE", where, bearer=person)

    def test_one_may_end_the_session_one_asks_from(self):
        person = self.world.register()
        self.world.must(204, "DELETE", "%s%s/" % (
            SESSIONS, jwt.claims(person.access)["sid"]), bearer=person)
        self.assert_ended(person)

    def test_anothers_session_is_not_found(self):
        person, other = self.world.register(), self.world.register()
        sid = jwt.claims(other.access)["sid"]
        for ident in (sid, sid.upper(), sid[:-1], "0" * 32, "x" * 32, "1"):
            answer = self.world.must(404, "DELETE", SESSIONS + ident + "/",
                                     bearer=person)
            check_body(self, '{"detail":"Not found."}', answer)
        self.world.me(other)

    def test_all_others_end_and_this_one_stays(self):
        person = self.world.register()
        others = [self.world.enter(person.email) for _ in range(3)]
        stranger = self.world.register()
        answer = self.world.must(200, "POST", SESSIONS + "revoke-others/",
                                 bearer=person)
        check_body(self, '{"ended":3}', answer)
        for other in others:
            self.assert_ended(other)
        self.world.me(person)
        self.world.me(stranger)
        answer = self.world.must(200, "POST", SESSIONS + "revoke-others/",
                                 bearer=person)
        check_body(self, '{"ended":0}', answer)

    def test_a_logged_out_session_is_listed_no_more(self):
        person = self.world.register()
        other = self.world.enter(person.email)
        self.world.must(205, "POST", "/api/auth/logout/",
                        {"refresh": other.refresh})
        self.assertEqual([jwt.claims(person.access)["sid"]],
                         [s["id"] for s in self.sessions(person)])
