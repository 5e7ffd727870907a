"""A call that makes an account takes effect once, however often it comes."""

import os
import unittest

from tests.contract.world import PASSWORD, World
from tests.wire import messages as m
from tests.wire.wire_client import Refused

REGISTER = "AccountService/RegisterAccount"
CREATE = "UserService/CreateUser"


class RepeatTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def wire(self):
        client = self.world.deployment.wire("service")
        self.addCleanup(client.close)
        return client

    def assert_refused(self, code, reason, *args, **fields):
        with self.assertRaises(Refused) as caught:
            self.wire().call(*args, **fields)
        self.assertEqual((code, reason), (caught.exception.code,
                                          caught.exception.reason))

    def value(self):
        return {"email": self.world.fresh() + "@example.com",
                "password": PASSWORD}

    def create(self, request_id, client=None, by=None, **value):
        return (client or self.wire()).call(
            CREATE, request_id=request_id,
            access_token=(by or self.world.ada).access, **value)["user"]

    def test_a_registration_that_comes_again_finds_its_account(self):
        value, ident = self.value(), os.urandom(16)
        first, second = (self.wire().call(REGISTER, request_id=ident,
                                          **value) for _ in range(2))
        self.assertEqual(first["user"]["id"], second["user"]["id"])
        for answer in (first, second):
            self.world.me(answer["access_token"])
        self.world.mail(value["email"])

    def test_of_many_at_once_one_makes_the_account(self):
        value, ident = self.value(), os.urandom(16)
        clients = [self.wire() for _ in range(8)]
        answers = self.world.at_once(8, lambda n: clients[n].call(
            REGISTER, request_id=ident, **value))
        self.assertEqual(1, len({a["user"]["id"] for a in answers}))

    def test_another_payload_under_the_same_id_is_refused(self):
        value, ident = self.value(), os.urandom(16)
        self.wire().call(REGISTER, request_id=ident, **value)
        for change in ({"email": self.world.fresh() + "@example.com"},
                       {"password": PASSWORD + "2"}, {"first_name": "Eve"}):
            self.assert_refused(m.ALREADY_EXISTS, m.REQUEST_ID_REUSED,
                                REGISTER, request_id=ident,
                                **dict(value, **change))

    def test_the_same_payload_under_another_id_is_another_call(self):
        value = self.value()
        self.wire().call(REGISTER, **value)
        self.assert_refused(m.INVALID_ARGUMENT, m.FIELD_INVALID, REGISTER,
                            **value)

    def test_a_creation_that_comes_again_finds_its_user(self):
        value, ident = self.value(), os.urandom(16)
        self.assertEqual(self.create(ident, **value)["id"],
                         self.create(ident, **value)["id"])

    def test_a_creation_is_its_callers_own(self):
        value, ident = self.value(), os.urandom(16)
        self.create(ident, **value)
        stan = self.world.staff()
        self.assert_refused(m.ALREADY_EXISTS, m.REQUEST_ID_REUSED, CREATE,
                            request_id=ident, access_token=stan.access,
                            **value)

    def test_an_id_of_a_registration_is_none_of_a_creation(self):
        value, ident = self.value(), os.urandom(16)
        self.wire().call(REGISTER, request_id=ident, **value)
        self.assert_refused(m.ALREADY_EXISTS, m.REQUEST_ID_REUSED, CREATE,
                            request_id=ident,
                            access_token=self.world.ada.access, **value)

    def test_a_call_that_only_validates_makes_nothing(self):
        value, ident = self.value(), os.urandom(16)
        self.assertEqual({}, self.wire().call(
            REGISTER, request_id=ident, validate_only=True, **value))
        self.assert_refused(m.INVALID_ARGUMENT, m.FIELD_INVALID, REGISTER,
                            validate_only=True, **dict(value, email="x"))
        self.assertEqual({}, self.wire().call(
            CREATE, access_token=self.world.ada.access, validate_only=True,
            **value))
        self.assertEqual([], self.world.mailbox.all(value["email"]))
        self.wire().call(REGISTER, request_id=ident, **value)

    def test_a_refused_call_is_not_remembered(self):
        value, ident = self.value(), os.urandom(16)
        self.assert_refused(m.INVALID_ARGUMENT, m.FIELD_INVALID, REGISTER,
                            request_id=ident, email=value["email"],
                            password="123")
        self.wire().call(REGISTER, request_id=ident, **value)

    def test_a_repetition_is_known_after_a_restart(self):
        value, ident = self.value(), os.urandom(16)
        first = self.create(ident, **value)
        self.world.deployment.restart_server()
        self.assertEqual(first["id"], self.create(ident, **value)["id"])

    def test_a_repetition_is_forgotten_after_an_hour(self):
        value, ident = self.value(), os.urandom(16)
        self.create(ident, **value)
        self.world.deployment.age(3700)
        self.world.ada = self.world.enter("ada@example.com",
                                          self.world.ada.password)
        self.assert_refused(m.INVALID_ARGUMENT, m.FIELD_INVALID, CREATE,
                            request_id=ident,
                            access_token=self.world.ada.access, **value)
