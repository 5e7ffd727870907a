"""Making an account: the fields, Django's words about them, both documented
shapes, and the three registration modes."""

import json
import unittest

from tests.contract.case import Case, add_cases, check_body, check_headers
from tests.contract.world import PASSWORD, World, user_text

REGISTER = "/api/auth/register/"
SIGN_UP = "/sign-up/"
REQUIRED = "This field is required."
BLANK = "This field may not be blank."
NULL = "This field may not be null."
BAD_EMAIL = "Enter a valid email address."
BAD_NAME = ("Enter a valid username. This value may contain only letters, "
            "numbers, and @/./+/-/_ characters.")
OWN_EMAIL = "A username with @ must be your own e-mail address."
EMAIL_TAKEN = "user with this email already exists."
NAME_TAKEN = "A user with that username already exists."
SHORT = ("This password is too short. It must contain at least 8 "
         "characters.")
COMMON = "This password is too common."
NUMERIC = "This password is entirely numeric."
MISMATCH = "Password do not match"


def similar(field):
    return "The password is too similar to the %s." % field


def too_long(count):
    return "Ensure this field has no more than %d characters." % count


def drf(fields):
    return json.dumps({name: [text] if isinstance(text, str) else text
                       for name, text in fields.items()},
                      separators=(",", ":"), ensure_ascii=False)


def car(fields):
    return '{"status":false,"message":%s}' % drf(fields)


def bad(name, value, fields):
    """A registration that is refused, in both shapes where both fit."""
    value = {"email": "new@example.com", "password": PASSWORD, **value}
    value = {k: v for k, v in value.items() if v is not ...}
    yield Case("register: " + name, "POST", REGISTER, 400, drf(fields),
               json=value)


def password_cases():
    rows = {
        "a password that is too short": ("xK3_9v", [SHORT]),
        "a common password": ("sunshine", [COMMON]),
        "a common password in other case": ("SunShine", [COMMON]),
        "a password of digits": ("7391840265", [NUMERIC]),
        "a password with three faults": ("123", [SHORT, COMMON, NUMERIC]),
        "a password like the username": ("margaret99", [similar("username")]),
        "a password like the first name": ("hamiltonian7",
                                           [similar("first name")]),
        "a password like the last name": ("wolfenstein1",
                                          [similar("last name")]),
        "a password like the address": ("grace.apollo@exam",
                                        [similar("email address")]),
    }
    for name, (password, faults) in rows.items():
        yield from bad(name, {
            "email": "grace.apollo@example.com", "username": "margaret9",
            "first_name": "Hamilton", "last_name": "Wolfenstein",
            "password": password}, {"password": faults})


def field_cases():
    yield from bad("nothing", {"email": ..., "password": ...},
                   {"email": REQUIRED, "password": REQUIRED})
    yield from bad("nulls", {"email": None, "password": None},
                   {"email": NULL, "password": NULL})
    yield from bad("blanks", {"email": " ", "password": "\t"},
                   {"email": BLANK, "password": BLANK})
    yield from bad("no strings", {"email": [], "password": True},
                   {"email": "Not a valid string.",
                    "password": "Not a valid string."})
    yield from bad("a NUL", {"email": "a\0b@example.com"},
                   {"email": "Null characters are not allowed."})
    for email in ("plain", "a@", "@example.com", "a@b@example.com",
                  "a@-example.com", "x(y@example.com", "a@example",
                  "a@exam_ple.com", "a..b@example.com"):
        yield from bad("the address " + email, {"email": email},
                       {"email": BAD_EMAIL})
    yield from bad("a long address",
                   {"email": "x" * 250 + "@example.com"},
                   {"email": too_long(254)})
    for name in ("a(b", "a/b", "b!", "naïve name", "tab\there"):
        yield from bad("the username " + ascii(name), {"username": name},
                       {"username": BAD_NAME})
    yield from bad("a long username", {"username": "x" * 151},
                   {"username": too_long(150)})
    yield from bad("another's address as username",
                   {"username": "eve@example.com"}, {"username": OWN_EMAIL})
    for name in ("first_name", "last_name"):
        yield from bad("a long " + name, {name: "x" * 151},
                       {name: too_long(150)})
    yield from bad("every bad field in the order of the route",
                   {"password": "123", "username": "a b", "email": "x",
                    "newsletter": "maybe"},
                   {"email": BAD_EMAIL, "username": BAD_NAME,
                    "password": [SHORT, COMMON, NUMERIC],
                    "newsletter": "Must be a valid boolean."})
    yield from bad("what the gateway finds and what the server finds",
                   {"email": "ada@example.com", "first_name": None,
                    "last_name": "x" * 151, "password": "123"},
                   {"email": EMAIL_TAKEN,
                    "password": [SHORT, COMMON, NUMERIC],
                    "first_name": NULL, "last_name": too_long(150)})
    yield from bad("what is missing and what is wrong",
                   {"password": ..., "username": "ada"},
                   {"username": NAME_TAKEN, "password": REQUIRED})
    yield from bad("a text that is no flag", {"newsletter": "maybe"},
                   {"newsletter": "Must be a valid boolean."})
    yield from bad("a long attribute", {"phone": "1" * 1025},
                   {"phone": too_long(1024)})
    yield from bad("bad attributes in the order of the configuration",
                   {"newsletter": [], "phone": ["1"], "first_name": None},
                   {"first_name": NULL, "phone": "Not a valid string.",
                    "newsletter": "Must be a valid boolean."})


def taken_cases():
    """Names that ada has, however they are written."""
    for email in ("ada@example.com", "ADA@Example.com"):
        yield from bad("the taken address " + ascii(email),
                       {"email": email}, {"email": EMAIL_TAKEN})
    for name in ("ada", "Ada", "\uff21DA"):
        yield from bad("the taken username " + ascii(name),
                       {"username": name}, {"username": NAME_TAKEN})


def sign_up_cases():
    def case(name, value, fields):
        good = {"email": "new@example.com", "password": "password123",
                "confirm_password": "password123", **value}
        good = {k: v for k, v in good.items() if v is not ...}
        return Case("sign-up: " + name, "POST", SIGN_UP, 400, car(fields),
                    json=good)
    yield case("nothing", {"email": ..., "password": ...,
                           "confirm_password": ...},
               {"email": REQUIRED, "password": REQUIRED,
                "confirm_password": REQUIRED})
    yield case("different passwords", {"confirm_password": "x"},
               {"non_field_errors": MISMATCH})
    yield case("a bad field hides different passwords",
               {"confirm_password": "x", "email": "x"},
               {"email": BAD_EMAIL})
    yield case("a taken name hides different passwords",
               {"confirm_password": "x", "username": "ada"},
               {"username": NAME_TAKEN})
    yield case("a missing field hides different passwords",
               {"confirm_password": "x", "email": ...},
               {"email": REQUIRED})
    yield case("a short password", {"password": "abc1234",
                                    "confirm_password": "abc1234"},
               {"password": SHORT})
    yield case("a taken address", {"email": "ada@example.com"},
               {"email": EMAIL_TAKEN})
    yield case("a taken username", {"username": "ADA"},
               {"username": NAME_TAKEN})
    yield case("another's address as username",
               {"username": "eve@example.com"}, {"username": OWN_EMAIL})
    yield Case("sign-up: JSON syntax keeps the DRF shape", "POST", SIGN_UP,
               400, '{"detail":"JSON parse error - <ANY>"}', body=b"{",
               headers={"Content-Type": "application/json"})


class OpenTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.deployment = cls.world.deployment

    def register(self, value, status=201):
        answer = self.world.send("POST", REGISTER, value)
        self.assertEqual(status, answer.status, answer)
        check_headers(self, answer)
        return answer

    def test_a_whole_registration_is_told_and_logged_in(self):
        answer = self.register({
            "email": "Grace@Example.com", "username": "grace",
            "password": PASSWORD, "first_name": "Grace",
            "last_name": "Hopper", "phone": "+1 555 0100",
            "newsletter": True})
        check_body(self, '{"user":%s,"access":"<JWT>","refresh":"<JWT>"}'
                   % user_text({
                       "email": "Grace@Example.com", "username": "grace",
                       "first_name": "Grace", "last_name": "Hopper",
                       "full_name": "Grace Hopper", "phone": "+1 555 0100",
                       "newsletter": True, "last_login": "<DATE>"}), answer)
        self.assertEqual("no-store", answer.header("Cache-Control"))
        me = self.world.me(answer.json()["access"])
        self.assertEqual(answer.json()["user"], me)

    def test_a_name_is_the_full_name_until_there_are_two(self):
        person = self.world.register(name="Sir Tim")
        self.assertEqual("Sir Tim", person.user["full_name"])
        changed = self.world.must(200, "PATCH", "/api/auth/users/me/",
                                  {"last_name": "Lee"}, person).json()
        self.assertEqual("Lee", changed["full_name"])

    def test_what_a_stranger_may_not_set_changes_nothing(self):
        person = self.world.register(
            id=1, is_staff=True, is_superuser=True, is_active=False,
            email_verified=True, roles=["admin"], score=99, imported="x",
            avatar="/etc/passwd", date_joined="1999-01-01T00:00:00Z",
            last_login="1999-01-01T00:00:00Z", password_hash="x",
            user_id=1, nobody_knows={"a": [1]})
        user = person.user
        self.assertNotEqual(1, user["id"])
        self.assertEqual(
            [False, False, True, False, [], None, None, None],
            [user[k] for k in ("is_staff", "is_superuser", "is_active",
                               "email_verified", "roles", "score",
                               "imported", "avatar")])
        self.assertGreater(user["date_joined"], "2020")

    def test_a_null_or_blank_username_is_none(self):
        for name in (None, "", "  "):
            self.assertIsNone(
                self.world.register(username=name).user["username"])

    def test_the_own_address_may_be_the_username(self):
        email = self.world.fresh() + "@example.com"
        person = self.world.register(email=email, username=email.upper())
        self.assertEqual(email.upper(), person.user["username"])
        self.world.enter(email)

    def test_a_username_cannot_become_anothers_address(self):
        name = self.world.fresh()
        self.world.register(username=name)
        answer = self.register({"email": name, "password": PASSWORD}, 400)
        self.assertIn("email", answer.json())

    def test_names_are_kept_as_they_were_typed(self):
        person = self.world.register(username="ﬀ\u00c5ke",
                                     first_name="  Zoë ")
        self.assertEqual(("ﬀ\u00c5ke", "Zoë"),
                         (person.user["username"],
                          person.user["first_name"]))
        self.world.enter("FFA\u030aKE")

    def test_a_weak_password_is_good_enough_for_a_car(self):
        name = self.world.fresh()
        value = {"name": "John Doe", "username": name,
                 "email": name + "@example.com", "password": "password123",
                 "confirm_password": "password123"}
        answer = self.world.must(201, "POST", SIGN_UP, value)
        check_body(self, '{"status":true,"message":"User registered '
                         'successfully.","name":"John Doe","username":"%s",'
                         '"email":"%s@example.com","access_token":"<JWT>",'
                         '"refresh_token":"<JWT>"}' % (name, name), answer)
        answer = self.world.must(200, "POST", "/login/", {
            "username_or_email": name, "password": "password123"})
        self.assertEqual("John Doe", answer.json()["name"])

    def test_a_car_needs_neither_name_nor_username(self):
        for username in ({}, {"username": None}, {"username": ""}):
            email = self.world.fresh() + "@example.com"
            answer = self.world.must(201, "POST", "/account/sign-up/", {
                "email": email, "password": "password123",
                "confirm_password": "password123", **username})
            self.assertIsNone(answer.json()["username"])

    def test_a_form_registers_like_json(self):
        email = self.world.fresh() + "@example.com"
        answer = self.world.send(
            "POST", REGISTER, body=("email=%s&password=%s" % (
                email, PASSWORD.replace(" ", "+"))).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(201, answer.status, answer)
        self.assertEqual(email, answer.json()["user"]["email"])

    def test_a_refused_registration_leaves_nothing(self):
        email = self.world.fresh() + "@example.com"
        for value in ({"first_name": None}, {"last_name": "x" * 151}):
            self.register({"email": email, "password": PASSWORD, **value},
                          400)
        self.world.must(400, "POST", SIGN_UP, {
            "email": email, "password": PASSWORD,
            "confirm_password": PASSWORD + "x"})
        self.world.must(401, "POST", "/api/auth/login/", {
            "email": email, "password": PASSWORD})
        self.assertEqual([], self.world.mailbox.all(email))
        self.world.register(email=email)

    def test_of_many_at_once_one_gets_the_name(self):
        email = self.world.fresh() + "@example.com"
        answers = self.world.at_once(16, lambda _: self.world.send(
            "POST", REGISTER, {"email": email, "password": PASSWORD}))
        self.assertEqual([201] + [400] * 15,
                         sorted(a.status for a in answers))
        for answer in answers:
            if answer.status == 400:
                check_body(self, drf({"email": EMAIL_TAKEN}), answer)


add_cases(OpenTest, password_cases())
add_cases(OpenTest, field_cases())
add_cases(OpenTest, taken_cases())
add_cases(OpenTest, sign_up_cases())


class ClosedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(server={"registration.mode": "closed"})
        cls.addClassCleanup(cls.world.close)

    def test_nobody_registers_and_nothing_is_told_about_names(self):
        for path, value, expect in (
                (REGISTER, {"email": "ada@example.com",
                            "password": PASSWORD},
                 '{"detail":"Registration is closed."}'),
                (SIGN_UP, {"email": "ada@example.com",
                           "password": PASSWORD,
                           "confirm_password": PASSWORD},
                 '{"status":false,"message":"Registration is closed."}')):
            answer = self.world.must(403, "POST", path, value)
            check_headers(self, answer)
            check_body(self, expect, answer)

    def test_staff_makes_accounts_all_the_same(self):
        self.world.enter(self.world.create().email)


class VerifyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(server={"registration.mode": "verify"})
        cls.addClassCleanup(cls.world.close)

    def test_nobody_enters_before_the_address_is_verified(self):
        world = self.world
        email = world.fresh() + "@example.com"
        answer = world.must(201, "POST", REGISTER, {
            "email": email, "password": PASSWORD})
        self.assertEqual({"user", "detail"}, set(answer.json()))
        credentials = {"email": email, "password": PASSWORD}
        answer = world.must(401, "POST", "/api/auth/login/", credentials)
        check_body(self, '{"detail":"E-mail is not verified.",'
                         '"code":"email_not_verified"}', answer)
        # Told only to who knows the password.
        answer = world.must(401, "POST", "/api/auth/login/",
                            dict(credentials, password="wrong"))
        check_body(self, '{"detail":"No active account found with the given '
                         'credentials"}', answer)
        world.must(200, "POST", world.path_of(world.mail(email)))
        world.enter(email)

    def test_a_car_gets_no_tokens_either(self):
        email = self.world.fresh() + "@example.com"
        answer = self.world.must(201, "POST", SIGN_UP, {
            "email": email, "password": PASSWORD,
            "confirm_password": PASSWORD})
        self.assertNotRegex(answer.text(), r'"(access|refresh)_token":"')
        self.world.must(401, "POST", "/login/", {
            "username_or_email": email, "password": PASSWORD})

    def test_setting_a_password_by_a_mailed_link_verifies_too(self):
        world = self.world
        user = world.create(password=None)
        link = world.path_of(world.mail(user.email))
        world.must(200, "POST", link, {"password": PASSWORD})
        self.assertTrue(world.enter(user.email).user["email_verified"])
