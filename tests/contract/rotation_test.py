"""Rotation of refresh tokens: the grace time, late steps, theft."""

import threading
import unittest

from tests.contract.case import check_body, check_headers
from tests.support import jwt
from tests.support.deployment import Deployment

ME = "/api/auth/users/me/"
REFRESH = "/api/auth/token/refresh/"
VERIFY = "/api/auth/token/verify/"
LOGOUT = "/api/auth/logout/"
PAIR = '{"access":"<JWT>","refresh":"<JWT>"}'
GONE = '{"detail":"Token is blacklisted","code":"token_not_valid"}'
LONG_GRACE = {"sessions.rotate": True, "sessions.grace_ms": 600000}
NO_GRACE = {"sessions.rotate": True, "sessions.grace_ms": 0}


class RotationCase(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(server=cls.SETTINGS).start()
        cls.addClassCleanup(cls.deployment.close)

    def post(self, path, value, status, expect):
        answer = self.deployment.post(path, value)
        self.assertEqual(status, answer.status, answer)
        check_headers(self, answer)
        check_body(self, expect, answer)
        return answer

    def login(self):
        return self.deployment.login()

    def rotate(self, token):
        """Refreshes; returns (access, refresh)."""
        answer = self.post(REFRESH, {"refresh": token}, 200, PAIR).json()
        return answer["access"], answer["refresh"]

    def refused(self, token):
        self.post(REFRESH, {"refresh": token}, 401, GONE)

    def is_alive(self, access):
        answer = self.deployment.get(
            ME, {"Authorization": "Bearer " + access})
        self.assertIn(answer.status, (200, 401))
        return answer.status == 200

    def counter(self, token):
        return jwt.claims(token)["ctr"]


class NoGraceTest(RotationCase):
    SETTINGS = NO_GRACE

    def test_each_refresh_gives_the_successor(self):
        token = self.login()["refresh"]
        for number in range(1, 6):
            access, token = self.rotate(token)
            self.assertEqual(number, self.counter(token))
            self.assertTrue(self.is_alive(access))

    def test_one_late_step_is_forgiven_with_the_current_token(self):
        first = self.login()["refresh"]
        _, second = self.rotate(first)
        _, again = self.rotate(first)
        self.assertEqual(second, again)
        _, third = self.rotate(second)
        self.assertEqual(2, self.counter(third))

    def test_two_late_steps_in_a_row_are_theft(self):
        first = self.login()["refresh"]
        access, second = self.rotate(first)
        self.rotate(first)
        _, third = self.rotate(second)
        self.refused(second)
        self.refused(third)
        self.assertFalse(self.is_alive(access))

    def test_a_token_two_behind_is_theft(self):
        first = self.login()["refresh"]
        _, second = self.rotate(first)
        access, third = self.rotate(second)
        self.refused(first)
        self.refused(third)
        self.assertFalse(self.is_alive(access))
        self.post(VERIFY, {"token": third}, 401, GONE)

    def test_theft_ends_one_session_alone_and_is_logged(self):
        one, other = self.login(), self.login()
        _, second = self.rotate(one["refresh"])
        self.rotate(second)
        self.refused(one["refresh"])
        sid = jwt.claims(one["refresh"])["sid"]
        self.deployment.server.wait_for_event("refresh_token_reused",
                                              session=sid, level="warn")
        self.deployment.server.wait_for_event("token_refused", session=sid)
        self.assertTrue(self.is_alive(other["access"]))

    def test_verify_refuses_a_replaced_token(self):
        first = self.login()["refresh"]
        _, second = self.rotate(first)
        self.rotate(second)
        self.post(VERIFY, {"token": first}, 401, GONE)

    def test_any_earlier_token_logs_out(self):
        first = self.login()["refresh"]
        _, second = self.rotate(first)
        access, _ = self.rotate(second)
        self.post(LOGOUT, {"refresh": first}, 205, "")
        self.assertFalse(self.is_alive(access))

    def test_counters_outlive_a_restart(self):
        first = self.login()["refresh"]
        _, second = self.rotate(first)
        _, third = self.rotate(second)
        self.deployment.restart_server()
        _, fourth = self.rotate(third)
        self.assertEqual(3, self.counter(fourth))
        self.refused(first)


class GraceTest(RotationCase):
    SETTINGS = LONG_GRACE

    def test_a_fresh_token_is_answered_with_itself(self):
        first = self.login()["refresh"]
        for _ in range(3):
            access, again = self.rotate(first)
            self.assertEqual(first, again)
            self.assertTrue(self.is_alive(access))

    def test_parallel_refreshes_all_get_the_same_token(self):
        first = self.login()["refresh"]
        answers = []
        threads = [threading.Thread(
            target=lambda: answers.append(self.rotate(first)[1]))
            for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([first] * 10, answers)

    def test_the_predecessor_is_honoured_within_the_grace_time(self):
        deployment = self.deployment
        first = self.login()["refresh"]
        deployment.server_settings = dict(NO_GRACE)
        deployment.restart_server()
        try:
            _, second = self.rotate(first)
        finally:
            deployment.server_settings = dict(LONG_GRACE)
            deployment.restart_server()
        for _ in range(3):
            self.assertEqual(second, self.rotate(first)[1])
            self.assertEqual(second, self.rotate(second)[1])

    def test_with_rotation_off_again_the_counter_stands_still(self):
        deployment = self.deployment
        first = self.login()["refresh"]
        deployment.server_settings = dict(NO_GRACE)
        deployment.restart_server()
        try:
            _, second = self.rotate(first)
            _, third = self.rotate(second)
            deployment.server_settings = {}
            deployment.restart_server()
            for token in (third, second, third):
                self.post(REFRESH, {"refresh": token}, 200,
                          '{"access":"<JWT>"}')
            self.refused(first)
            self.post(REFRESH, {"refresh": third}, 200, '{"access":"<JWT>"}')
        finally:
            deployment.server_settings = dict(LONG_GRACE)
            deployment.restart_server()
