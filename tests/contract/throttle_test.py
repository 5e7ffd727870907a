"""Throttles: exact however many come at once, the same by REST and RPC, kept
over a restart, honest about the time, and no weapon against an owner."""

import unittest

from tests.contract.case import check_body, check_headers
from tests.contract.world import PASSWORD, World
from tests.wire import messages as m
from tests.wire.wire_client import Refused

LOGIN = "/api/auth/login/"
THROTTLED = ('{"detail":"Request was throttled. Expected available in <N> '
             'seconds."}')
HERE, THERE, ELSEWHERE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


class ThrottleCase(unittest.TestCase):
    THROTTLES = {}

    @classmethod
    def setUpClass(cls):
        cls.world = World(server={"throttles." + name: rate for name, rate
                                  in cls.THROTTLES.items()})
        cls.addClassCleanup(cls.world.close)

    def login(self, email, password="wrong"):
        return self.world.send("POST", LOGIN, {"email": email,
                                               "password": password})

    def wire_login(self, email, password="wrong", address=THERE):
        """By RPC, as a gateway that states the address; the reason or 0."""
        client = self.world.deployment.wire("front")
        try:
            client.call("AuthService/Authenticate", identifier=email,
                        password=password, address=address)
            return 0
        except Refused as error:
            if error.reason == m.THROTTLED:
                self.assertEqual(m.RESOURCE_EXHAUSTED, error.code)
                self.assertGreater(error.retry_after_ms, 0)
            return error.reason
        finally:
            client.close()

    def check_throttled(self, answer, most_s):
        """429 with a time that is in the sentence and in the header."""
        self.assertEqual(429, answer.status, answer)
        check_headers(self, answer)
        check_body(self, THROTTLED.replace("seconds", "second")
                   if answer.header("Retry-After") == "1" else THROTTLED,
                   answer)
        self.assertIn(" in %s second" % answer.header("Retry-After"),
                      answer.text())
        self.assertLessEqual(1, int(answer.header("Retry-After")))
        self.assertLessEqual(int(answer.header("Retry-After")), most_s)


class AccountThrottleTest(ThrottleCase):
    THROTTLES = {"login_account": "5/3600"}

    def test_of_64_guesses_at_once_as_many_as_allowed_are_judged(self):
        email = self.world.create().email
        answers = self.world.at_once(64, lambda _: self.login(email))
        statuses = sorted(answer.status for answer in answers)
        self.assertEqual([401] * 5 + [429] * 59, statuses)
        for answer in answers:
            if answer.status == 429:
                self.check_throttled(answer, 3600)

    def test_rest_and_rpc_fill_one_bucket(self):
        email = self.world.create().email

        def guess(number):
            if number % 2:
                return self.login(email).status == 429
            return self.wire_login(email) == m.THROTTLED
        throttled = self.world.at_once(32, guess)
        self.assertEqual(27, sum(throttled))

    def test_an_unknown_name_is_throttled_like_a_known_one(self):
        name = self.world.fresh()
        answers = [self.login(name) for _ in range(6)]
        self.assertEqual([401] * 5 + [429], [a.status for a in answers])

    def test_the_same_account_by_any_of_its_spellings(self):
        email = self.world.create().email
        for spelling in (email, email.upper(), " %s " % email):
            self.login(spelling)
        self.login(email)
        self.login(email)
        self.assertEqual(429, self.login(email.upper()).status)

    def test_a_right_password_costs_nothing(self):
        email = self.world.create().email
        for _ in range(8):
            self.assertEqual(0, self.wire_login(email, PASSWORD))

    def test_a_restart_forgives_nothing(self):
        email = self.world.create().email
        for _ in range(5):
            self.assertEqual(401, self.login(email).status)
        self.world.deployment.restart_server()
        self.check_throttled(self.login(email), 3600)

    def test_a_throttled_right_password_is_not_tried(self):
        email = self.world.create().email
        for _ in range(5):
            self.login(email)
        self.check_throttled(self.login(email, PASSWORD), 3600)

    def test_a_stranger_locks_no_owner_out_of_a_known_device(self):
        email = self.world.create().email
        self.assertEqual(0, self.wire_login(email, PASSWORD, HERE))
        for _ in range(6):
            reason = self.wire_login(email, address=THERE)
        self.assertEqual(m.THROTTLED, reason)
        self.assertEqual(m.THROTTLED,
                         self.wire_login(email, PASSWORD, ELSEWHERE))
        self.assertEqual(0, self.wire_login(email, PASSWORD, HERE))

    def test_a_service_is_counted_whatever_address_it_states(self):
        email = self.world.create().email
        client = self.world.deployment.wire("service")
        self.addCleanup(client.close)
        reasons = []
        for number in range(6):
            with self.assertRaises(Refused) as caught:
                client.call("AuthService/Authenticate", identifier=email,
                            password="x", address="203.0.113.%d" % number)
            reasons.append(caught.exception.reason)
        self.assertEqual([m.CREDENTIALS_INVALID] * 5 + [m.THROTTLED],
                         reasons)

    def test_a_reset_lets_the_owner_in_again(self):
        person = self.world.create()
        for _ in range(6):
            self.login(person.email)
        link = self.world.reset_link(person)
        self.world.must(200, "POST", link, {"password": PASSWORD + "9"})
        self.assertEqual(200, self.login(person.email,
                                         PASSWORD + "9").status)


class DeviceThrottleTest(ThrottleCase):
    THROTTLES = {"login_device": "3/3600"}

    def test_a_known_device_has_a_bucket_of_its_own(self):
        person = self.world.enter(self.world.create().email)
        answers = [self.login(person.email) for _ in range(4)]
        self.assertEqual([401] * 3 + [429], [a.status for a in answers])
        self.assertEqual(0, self.wire_login(person.email, PASSWORD, THERE))


class AddressThrottleTest(ThrottleCase):
    THROTTLES = {"login_address": "4/3600"}

    def guesses(self, address, count):
        return [self.wire_login(self.world.fresh(), address=address)
                for _ in range(count)]

    def test_an_address_is_counted_over_all_accounts(self):
        wrong = m.CREDENTIALS_INVALID
        self.assertEqual([wrong] * 4 + [m.THROTTLED],
                         self.guesses("198.51.100.1", 5))
        self.assertEqual([wrong], self.guesses("198.51.100.2", 1))

    def test_an_ipv6_network_of_64_bits_is_one_address(self):
        wrong = m.CREDENTIALS_INVALID
        for host in ("1", "2", "ffff:1", "3"):
            self.assertEqual([wrong],
                             self.guesses("2001:db8:1:2::" + host, 1))
        self.assertEqual([m.THROTTLED], self.guesses("2001:db8:1:2::9", 1))
        self.assertEqual([wrong], self.guesses("2001:db8:1:3::9", 1))


class WaitTest(ThrottleCase):
    THROTTLES = {"login_account": "2/3600"}

    def test_who_waits_as_long_as_told_may_try_again(self):
        email = self.world.create().email
        for _ in range(2):
            self.assertEqual(401, self.login(email).status)
        answer = self.login(email)
        self.check_throttled(answer, 3600)
        wait_s = int(answer.header("Retry-After"))
        self.world.deployment.age(wait_s - 300)
        self.check_throttled(self.login(email), 300)
        self.world.deployment.age(300)
        self.assertEqual(401, self.login(email).status)


class RegistrationThrottleTest(ThrottleCase):
    THROTTLES = {"register_address": "3/3600"}

    def test_an_address_makes_so_many_accounts_and_no_more(self):
        def register(_):
            return self.world.send("POST", "/api/auth/register/", {
                "email": self.world.fresh() + "@example.com",
                "password": PASSWORD})
        answers = self.world.at_once(12, register)
        self.assertEqual([201] * 3 + [429] * 9,
                         sorted(answer.status for answer in answers))


class OldPasswordThrottleTest(ThrottleCase):
    THROTTLES = {"old_password": "3/3600"}

    def test_old_passwords_cannot_be_guessed_at_will(self):
        person = self.world.register()

        def guess(_):
            return self.world.send("POST", "/api/auth/password/change/", {
                "old_password": "wrong", "new_password": PASSWORD + "7"},
                person)
        answers = self.world.at_once(16, guess)
        self.assertEqual([400] * 3 + [429] * 13,
                         sorted(answer.status for answer in answers))
        for answer in answers:
            if answer.status == 400:
                check_body(self, '{"old_password":["Invalid password."]}',
                           answer)


class MailThrottleTest(ThrottleCase):
    THROTTLES = {"mail_minute": "1/60", "mail_hour": "5/3600"}

    def test_many_requests_send_one_mail_and_tell_nobody(self):
        known, unknown = self.world.create(), self.world.fresh()
        asked = [known.email, unknown + "@example.com"]
        bodies = {email: {self.world.must(
            200, "POST", "/api/auth/password-reset/", {"email": email}
            ).text() for _ in range(4)} for email in asked}
        self.assertEqual(1, len(bodies[asked[0]]))
        self.assertEqual(bodies[asked[0]], bodies[asked[1]])
        self.assertTrue(self.world.mail(known, "Set a new password"))
        self.assertEqual(1, len(self.world.mailbox.all(known.email)))

    def test_an_address_is_throttled_in_any_spelling(self):
        known = self.world.create()
        for email in (known.email, known.email.upper()):
            self.world.must(200, "POST", "/api/auth/password-reset/",
                            {"email": email})
        # The next mail of another address comes after both.
        other = self.world.create()
        self.world.must(200, "POST", "/api/auth/password-reset/",
                        {"email": other.email})
        self.world.mailbox.wait(other.email)
        self.assertEqual(1, len(self.world.mailbox.wait(known.email)))
