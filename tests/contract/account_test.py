"""One's own account: what can be changed, and the password."""

import unittest

from tests.contract.case import Case, add_cases, check_body, check_headers
from tests.contract.world import PASSWORD, World

ME = "/api/auth/users/me/"
CHANGE = "/api/auth/password/change/"
NEXT = "marble staircase 55 comets"
WRONG = "Invalid password."


class ProfileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.deployment = cls.world.deployment
        cls.access = cls.world.register().access

    def change(self, person, value, method="PATCH", path=ME):
        answer = self.world.must(200, method, path, value, person)
        check_headers(self, answer)
        self.assertEqual(answer.json(), self.world.me(person))
        return answer.json()

    def test_what_is_not_given_stays(self):
        for method in ("PATCH", "PUT"):
            for path in (ME, "/api/auth/profile/"):
                person = self.world.register(first_name="Mary",
                                             last_name="Godwin")
                user = self.change(person, {"last_name": "Shelley"}, method,
                                   path)
                self.assertEqual("Mary Shelley", user["full_name"])
                self.assertEqual(user, self.change(person, {}, method, path))

    def test_names_may_become_empty(self):
        person = self.world.register(first_name="Mary")
        self.assertEqual("", self.change(
            person, {"first_name": ""})["first_name"])

    def test_own_attributes_are_set_changed_and_unset(self):
        person = self.world.register()
        for value in ("+1 555", "\U0001f600" * 1024, 5550100, None):
            user = self.change(person, {"phone": value})
            self.assertEqual(None if value is None else str(value),
                             user["phone"])
        for value, want in ((True, True), ("off", False), (1, True),
                            (None, None)):
            user = self.change(person, {"newsletter": value})
            self.assertIs(want, user["newsletter"])

    def test_a_form_changes_like_json(self):
        person = self.world.register()
        answer = self.world.must(
            200, "PATCH", ME, body=b"first_name=Zo%C3%AB&newsletter=on",
            bearer=person,
            headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(("Zoë", True), (answer.json()["first_name"],
                                         answer.json()["newsletter"]))

    def test_a_password_change_ends_all_other_sessions(self):
        person = self.world.register()
        other = self.world.enter(person.email)
        answer = self.world.must(200, "POST", CHANGE, {
            "old_password": PASSWORD, "new_password": NEXT}, person)
        check_headers(self, answer)
        check_body(self, '{"detail":"Password changed."}', answer)
        self.world.me(person)
        self.world.me(other, status=401)
        self.world.must(401, "POST", "/api/auth/login/", {
            "email": person.email, "password": PASSWORD})
        self.world.enter(person.email, NEXT)
        mail = self.world.mail(person, "was changed")
        self.assertNotIn("http", mail.body("plain"))
        self.assertIn("127.0.0.1", mail.body("plain"))

    def test_both_passwords_are_judged_at_once(self):
        # A name of hexadecimal digits might be similar.
        person = self.world.register(email="grace@example.com")
        answer = self.world.must(400, "POST", CHANGE, {
            "old_password": "wrong", "new_password": "12345678"}, person)
        check_body(self, '{"old_password":["%s"],"new_password":["This '
                         'password is too common.","This password is '
                         'entirely numeric."]}' % WRONG, answer)

    def test_the_new_password_is_no_name_of_ones_own(self):
        person = self.world.register(first_name="Bartholomew")
        answer = self.world.must(400, "POST", CHANGE, {
            "old_password": PASSWORD, "new_password": "bartholomew1"},
            person)
        self.assertIn("too similar to the first name", answer.text())
        self.world.enter(person.email)


add_cases(ProfileTest, [
    Case("a wrong old password", "POST", CHANGE, 400,
         '{"old_password":["%s"]}' % WRONG, token=True,
         json={"old_password": "x", "new_password": NEXT}),
    Case("a password of 1024 characters and more bytes", "POST", CHANGE, 400,
         '{"new_password":["Ensure this field has no more than 1024 bytes."]'
         '}', token=True, json={"old_password": "x",
                                "new_password": "\U0001f600" * 1024}),
    Case("an over-long first name", "PATCH", ME, 400,
         '{"first_name":["Ensure this field has no more than 150 '
         'characters."]}', token=True, json={"first_name": "x" * 151}),
    Case("150 characters of four bytes", "PATCH", ME, 200, "<OBJECT>",
         token=True, json={"first_name": "\U0001f600" * 150}),
    Case("a null name", "PATCH", ME, 400,
         '{"first_name":["This field may not be null."]}', token=True,
         json={"first_name": None}),
    Case("a list for a name", "PATCH", ME, 400,
         '{"first_name":["Not a valid string."]}', token=True,
         json={"first_name": []}),
    Case("an attribute that is no flag", "PATCH", ME, 400,
         '{"newsletter":["Must be a valid boolean."]}', token=True,
         json={"newsletter": "perhaps"}),
    Case("a list for an attribute", "PATCH", ME, 400,
         '{"phone":["Not a valid string."]}', token=True,
         json={"phone": []}),
    Case("an object for an attribute", "PATCH", ME, 400,
         '{"newsletter":["Must be a valid boolean."]}', token=True,
         json={"newsletter": {}}),
    Case("a NUL in an attribute", "PATCH", ME, 400,
         '{"phone":["Null characters are not allowed."]}', token=True,
         json={"phone": "a\0"}),
    Case("a lone surrogate in an attribute", "PATCH", ME, 400,
         '{"phone":["Surrogate characters are not allowed: U+D83D."]}',
         token=True, headers={"Content-Type": "application/json"},
         body=b'{"phone":"\\ud83d"}'),
    Case("bad attributes come in the order of the configuration", "PATCH",
         ME, 400, '{"phone":["Not a valid string."],"newsletter":["Must be a '
         'valid boolean."]}', token=True,
         json={"newsletter": "perhaps", "phone": {}}),
    Case("what only others may write, or nobody knows, is no fault", "PATCH",
         ME, 200, "<OBJECT>", token=True,
         json={"score": [], "imported": {}, "x": "\0", "bio": ["\0"],
               "Upper": 1}),
    Case("very many members that nobody knows", "PATCH", ME, 200, "<OBJECT>",
         token=True, json={"first_name": "Ada", "member": "x" * 30000,
                           **{"m%d" % i: i for i in range(2000)}}),
    Case("every bad field at once", "PATCH", ME, 400,
         '{"first_name":["Not a valid string."],"last_name":["Not a valid '
         'string."]}', token=True,
         json={"last_name": {}, "first_name": True}),
])
