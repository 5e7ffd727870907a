"""Users and roles, for those who administer them, and for those who try."""

import unittest
import urllib.parse

from tests.contract.case import check_body, check_headers
from tests.contract.world import BASE, PASSWORD, World, user_text

USERS = "/api/auth/users/"
ROLES = "/api/auth/roles/"
DENIED = '{"detail":"You do not have permission to perform this action."}'


def path(person, suffix=""):
    return "%s%d/%s" % (USERS, person.id, suffix)


class AdministrationCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.stan = cls.world.staff()
        cls.pat = cls.world.register()

    def denied(self, method, where, value=None, bearer=None):
        answer = self.world.must(403, method, where, value, bearer)
        check_headers(self, answer)
        check_body(self, DENIED, answer)

    def user(self, person):
        return self.world.must(200, "GET", path(person),
                               bearer=self.world.ada).json()


class UsersTest(AdministrationCase):
    def test_staff_makes_a_whole_user(self):
        role = self.world.role("book:read")
        answer = self.world.must(201, "POST", USERS, {
            "email": "hedy@example.com", "username": "hedy",
            "password": "123", "first_name": "Hedy", "last_name": "Lamarr",
            "is_staff": True, "roles": [role], "score": 7,
            "imported": "x"}, self.world.ada)
        check_body(self, user_text({
            "email": "hedy@example.com", "username": "hedy",
            "first_name": "Hedy", "last_name": "Lamarr",
            "full_name": "Hedy Lamarr", "is_staff": True, "roles": [role],
            "score": 7, "email_verified": "<BOOL>"}), answer)
        # A weak password warns staff and refuses nothing.
        self.world.enter("hedy", "123")

    def test_bad_fields_of_a_new_user_are_all_told(self):
        answer = self.world.must(400, "POST", USERS, {
            "email": "x", "username": "a b", "is_active": "maybe",
            "roles": "admin"}, self.world.ada)
        self.assertIn("Must be a valid boolean.",
                      answer.json()["is_active"][0])
        self.assertIn('Expected a list of items but got type "str".',
                      answer.json()["roles"][0])

    def test_a_role_that_is_not_there_cannot_be_given(self):
        answer = self.world.must(400, "POST", USERS, {
            "email": self.world.fresh() + "@example.com",
            "roles": ["nope"]}, self.world.ada)
        self.assertIn("nope", answer.json()["roles"][0])

    def test_a_patch_changes_what_it_names(self):
        person = self.world.create(first_name="Mary", username=None)
        changed = self.world.must(200, "PATCH", path(person), {
            "last_name": "Shelley", "score": -3, "username": None},
            self.world.ada).json()
        self.assertEqual(("Mary Shelley", -3, None),
                         (changed["full_name"], changed["score"],
                          changed["username"]))
        self.assertEqual(changed, self.user(person))

    def test_another_address_is_unverified(self):
        person = self.world.register()
        self.world.must(200, "POST", self.world.verify_link(person))
        email = self.world.fresh() + "@example.com"
        changed = self.world.must(200, "PATCH", path(person),
                                  {"email": email}, self.world.ada).json()
        self.assertEqual((email, False),
                         (changed["email"], changed["email_verified"]))
        self.world.enter(email)
        self.world.must(401, "POST", "/api/auth/login/", {
            "email": person.email, "password": PASSWORD})

    def test_ids_that_are_none_are_not_found(self):
        for ident in ("0", "-1", "x", "1e3", "18446744073709551616", "%20",
                      "99999999999999999999999"):
            with self.subTest(id=ident):
                answer = self.world.must(404, "GET", USERS + ident + "/",
                                         bearer=self.world.ada)
                check_body(self, '{"detail":"Not found."}', answer)

    def test_deleting_ends_everything(self):
        person = self.world.register(username=self.world.fresh())
        self.world.must(204, "DELETE", path(person), bearer=self.stan)
        for method, suffix in (("GET", ""), ("DELETE", ""),
                               ("POST", "activate/")):
            self.world.must(404, method, path(person, suffix),
                            bearer=self.stan)
        answer = self.world.must(401, "GET", "/api/auth/users/me/",
                                 bearer=person)
        check_body(self, '{"detail":"User not found",'
                         '"code":"user_not_found"}', answer)
        # The names are free again, the number is not.
        again = self.world.register(email=person.email,
                                    username=person.user["username"])
        self.assertGreater(again.id, person.id)

    def test_deactivating_ends_every_session_at_once(self):
        person = self.world.register()
        other = self.world.enter(person.email)
        self.world.must(200, "POST", path(person, "deactivate/"),
                        bearer=self.stan)
        for session in (person, other):
            answer = self.world.must(401, "GET", "/api/auth/users/me/",
                                     bearer=session)
            check_body(self, '{"detail":"User is inactive",'
                             '"code":"user_inactive"}', answer)
        self.world.must(401, "POST", "/api/auth/login/", {
            "email": person.email, "password": PASSWORD})
        back = self.world.must(200, "POST", path(person, "activate/"),
                               bearer=self.stan).json()
        self.assertTrue(back["is_active"])
        # Back, but the sessions of before are over.
        answer = self.world.must(401, "GET", "/api/auth/users/me/",
                                 bearer=person)
        self.assertIn("Token is blacklisted", answer.text())
        self.world.enter(person.email)


class ListTest(AdministrationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.role = cls.world.role()
        cls.people = [cls.world.create(
            password=None, first_name="Zaphod", last_name="Nr%d" % number,
            is_active=number != 3, roles=[cls.role] if number < 2 else [])
            for number in range(7)]

    def page(self, query, status=200):
        return self.world.must(status, "GET", USERS + query,
                               bearer=self.stan).json()

    def ids(self, query):
        return [user["id"] for user in self.page(query)["results"]]

    def test_pages_lead_to_each_other(self):
        seen, query = [], "?search=zaphod&page_size=3"
        previous = None
        while query:
            page = self.page(query)
            self.assertEqual(7, page["count"])
            self.assertEqual(previous is None, page["previous"] is None)
            seen += [user["id"] for user in page["results"]]
            previous = query
            if page["next"] is None:
                break
            self.assertTrue(page["next"].startswith(BASE + USERS + "?"))
            query = page["next"][len(BASE + USERS):]
            asked = urllib.parse.parse_qs(query[1:])
            self.assertEqual((["zaphod"], ["3"]),
                             (asked["search"], asked["page_size"]))
        self.assertEqual([person.id for person in self.people], seen)

    def test_a_page_beyond_the_last_is_invalid(self):
        for query in ("?page=99", "?page=0", "?page=-1", "?page=x",
                      "?page=", "?page=1e9", "?page=99999999999999999999"):
            with self.subTest(query=query):
                self.assertEqual({"detail": "Invalid page."},
                                 self.page(query, 404))

    def test_the_first_page_is_there_without_anybody_on_it(self):
        self.assertEqual({"count": 0, "next": None, "previous": None,
                          "results": []}, self.page("?search=nobody-at-all"))

    def test_users_are_found_by_every_name_and_in_any_case(self):
        person = self.people[4]
        self.assertEqual([person.id], self.ids("?search=NR4"))
        self.assertEqual([person.id], self.ids(
            "?search=" + urllib.parse.quote(person.email.upper())))
        self.assertIn(self.world.ada.id, self.ids("?search=lovelace"))

    def test_users_are_told_apart_by_activity_and_role(self):
        ids = [person.id for person in self.people]
        self.assertEqual([ids[3]],
                         self.ids("?search=zaphod&is_active=false"))
        self.assertEqual(ids[:3] + ids[4:],
                         self.ids("?search=zaphod&is_active=true"))
        self.assertEqual(ids[:2], self.ids("?role=" + self.role))
        self.assertEqual([], self.ids("?role=nobody"))

    def test_a_page_has_a_bounded_size(self):
        self.assertEqual(200, len(self.page("?page_size=9999")["results"])
                         if self.page("")["count"] > 200 else 200)
        self.assertEqual(2, len(self.ids("?page_size=2")))


class RankTest(AdministrationCase):
    """Staff reaches neither up nor beyond what it holds itself."""

    def test_who_is_no_staff_sees_nothing(self):
        for method, where, value in (
                ("GET", USERS, None), ("POST", USERS, {"email": "a@b.cd"}),
                ("GET", path(self.pat), None),
                ("PATCH", path(self.pat), {"is_staff": True}),
                ("DELETE", path(self.stan), None),
                ("POST", path(self.stan, "deactivate/"), None),
                ("PUT", path(self.pat, "roles/"), {"roles": []}),
                ("GET", ROLES, None), ("POST", ROLES, {"name": "x"}),
                ("DELETE", ROLES + "x/", None)):
            with self.subTest(method=method, where=where):
                self.denied(method, where, value, self.pat)
                answer = self.world.must(401, method, where, value)
                check_body(self, '{"detail":"Authentication credentials '
                                 'were not provided."}', answer)

    def test_staff_lifts_nobody(self):
        for value in ({"is_staff": True}, {"is_superuser": True}):
            self.denied("PATCH", path(self.pat), value, self.stan)
            self.denied("PATCH", path(self.stan), value
                        if "is_superuser" in value else {"is_staff": False},
                        self.stan)
            self.denied("POST", USERS, {
                "email": self.world.fresh() + "@example.com", **value},
                self.stan)

    def test_staff_touches_no_superuser(self):
        ada = self.world.ada
        for method, suffix, value in (
                ("PATCH", "", {"first_name": "Eve"}), ("DELETE", "", None),
                ("PATCH", "", {"email": "eve@example.com"}),
                ("POST", "deactivate/", None), ("POST", "activate/", None),
                ("PUT", "roles/", {"roles": []})):
            self.denied(method, path(ada, suffix), value, self.stan)
        self.assertEqual("Ada", self.user(ada)["first_name"])

    def test_staff_gives_and_takes_only_what_it_holds(self):
        held, other = self.world.role("a"), self.world.role("b")
        staff = self.world.staff(roles=[held])
        person = self.world.create()
        self.world.must(200, "PUT", path(person, "roles/"),
                        {"roles": [held]}, staff)
        self.denied("PUT", path(person, "roles/"), {"roles": [held, other]},
                    staff)
        self.denied("PATCH", path(person), {"roles": [other]}, staff)
        self.world.must(200, "PUT", path(person, "roles/"),
                        {"roles": [held, other]}, self.world.ada)
        self.denied("PUT", path(person, "roles/"), {"roles": [held]}, staff)
        self.world.must(200, "PUT", path(person, "roles/"),
                        {"roles": [other]}, staff)
        self.denied("POST", USERS, {
            "email": self.world.fresh() + "@example.com",
            "roles": [other]}, staff)

    def test_nobody_lifts_themselves_by_the_profile(self):
        for method in ("PATCH", "PUT"):
            changed = self.world.must(
                200, method, "/api/auth/users/me/", {
                    "first_name": "Pat", "is_staff": True,
                    "is_superuser": True, "roles": ["admin"],
                    "email": "root@example.com", "username": "root",
                    "email_verified": True, "is_active": False, "id": 1,
                    "password": "x", "score": 1000, "imported": "x",
                    "date_joined": None}, self.pat).json()
            self.assertEqual(
                dict(self.pat.user, first_name="Pat", full_name="Pat"),
                changed)

    def test_staff_cannot_end_a_superusers_session(self):
        session = self.world.must(200, "GET", "/api/auth/sessions/",
                                  bearer=self.world.ada).json()[0]
        self.denied("DELETE", "/api/auth/sessions/%s/" % session["id"],
                    bearer=self.stan)

    def test_a_rank_counts_on_the_next_call(self):
        person = self.world.enter(self.world.create().email)
        self.denied("GET", USERS, bearer=person)
        self.world.must(200, "PATCH", path(person), {"is_staff": True},
                        self.world.ada)
        self.world.must(200, "GET", USERS, bearer=person)
        self.world.must(200, "PATCH", path(person), {"is_staff": False},
                        self.world.ada)
        self.denied("GET", USERS, bearer=person)


class LastSuperuserTest(AdministrationCase):
    def test_the_last_superuser_stays(self):
        ada = self.world.ada
        for method, suffix, value in (
                ("DELETE", "", None), ("POST", "deactivate/", None),
                ("PATCH", "", {"is_superuser": False}),
                ("PATCH", "", {"is_active": False})):
            answer = self.world.must(403, method, path(ada, suffix), value,
                                     ada)
            self.assertIn("last superuser", answer.text())
        self.world.me(ada)

    def test_of_two_who_remove_each_other_one_stays(self):
        world = World()
        self.addCleanup(world.close)
        grace = world.superuser()
        pair = [(world.ada, grace), (grace, world.ada)]
        answers = world.at_once(2, lambda number: world.send(
            "POST", path(pair[number][1], "deactivate/"),
            bearer=pair[number][0]))
        statuses = sorted(answer.status for answer in answers)
        self.assertEqual(200, statuses[0])
        self.assertIn(statuses[1], (401, 403))
        self.assertEqual(1, sum(world.send(
            "GET", "/api/auth/users/me/", bearer=person).status == 200
            for person in (world.ada, grace)))


class RolesTest(AdministrationCase):
    def test_a_role_is_made_changed_and_deleted(self):
        name = self.world.fresh("role")
        where = ROLES + name + "/"
        made = self.world.must(201, "POST", ROLES, {
            "name": name, "description": "Reads books.",
            "permissions": ["book:write", "book:read"]}, self.world.ada)
        check_body(self, '{"name":"%s","description":"Reads books.",'
                         '"permissions":["book:read","book:write"]}' % name,
                   made)
        self.assertIn(made.json(), self.world.must(
            200, "GET", ROLES, bearer=self.stan).json())
        changed = self.world.must(200, "PATCH", where, {
            "permissions": []}, self.world.ada).json()
        self.assertEqual({"name": name, "description": "Reads books.",
                          "permissions": []}, changed)
        self.world.must(204, "DELETE", where, bearer=self.world.ada)
        self.world.must(404, "GET", where, bearer=self.world.ada)

    def test_a_name_is_taken_once(self):
        name = self.world.role()
        answer = self.world.must(400, "POST", ROLES, {"name": name},
                                 self.world.ada)
        self.assertIn("name", answer.json())

    def test_a_taken_name_is_told_with_every_other_bad_field(self):
        name = self.world.role()
        answer = self.world.must(400, "POST", ROLES, {
            "description": [], "permissions": "a", "name": name},
            self.world.ada)
        self.assertEqual(
            '{"name":["role with this name already exists."],'
            '"description":["Not a valid string."],"permissions":["Expected '
            'a list of items but got type \\"str\\"."]}', answer.text())

    def test_a_role_with_a_bad_field_is_not_made(self):
        self.world.must(400, "POST", ROLES, {
            "name": "never made", "permissions": "a"}, self.world.ada)
        self.world.must(404, "GET", ROLES + "never%20made/",
                        bearer=self.world.ada)

    def test_bad_roles_are_told(self):
        for value, field in (({}, "name"), ({"name": ""}, "name"),
                             ({"name": "a/b"}, "name"),
                             ({"name": "x" * 81}, "name"),
                             ({"name": "x", "permissions": "a"},
                              "permissions"),
                             ({"name": "x", "permissions": [""]},
                              "permissions")):
            with self.subTest(value=value):
                answer = self.world.must(400, "POST", ROLES, value,
                                         self.world.ada)
                self.assertIn(field, answer.json())

    def test_a_deleted_role_is_taken_from_everybody(self):
        role = self.world.role()
        person = self.world.create(roles=[role])
        self.world.must(204, "DELETE", ROLES + role + "/",
                        bearer=self.world.ada)
        self.assertEqual([], self.user(person)["roles"])

    def test_odd_names_travel_escaped(self):
        name = "ops %s ü" % self.world.fresh()
        self.world.must(201, "POST", ROLES, {"name": name}, self.world.ada)
        where = ROLES + urllib.parse.quote(name, safe="") + "/"
        self.assertEqual(name, self.world.must(
            200, "GET", where, bearer=self.world.ada).json()["name"])

    def may(self, person, permission):
        client = self.world.deployment.wire("service")
        try:
            return bool(client.call(
                "RoleService/CheckPermission", access_token=person.access,
                permission=permission).get("allowed"))
        finally:
            client.close()

    def test_a_role_change_counts_on_the_next_call(self):
        role = self.world.role("book:read")
        person = self.world.enter(self.world.create().email)
        self.assertFalse(self.may(person, "book:read"))
        self.world.must(200, "PUT", path(person, "roles/"),
                        {"roles": [role]}, self.world.ada)
        self.assertTrue(self.may(person, "book:read"))
        self.assertFalse(self.may(person, "book:write"))
        self.world.must(200, "PATCH", ROLES + role + "/",
                        {"permissions": ["book:write"]}, self.world.ada)
        self.assertFalse(self.may(person, "book:read"))
        self.assertTrue(self.may(person, "book:write"))
        self.assertEqual([role], self.world.me(person)["roles"])
        self.world.must(200, "PUT", path(person, "roles/"), {"roles": []},
                        self.world.ada)
        self.assertFalse(self.may(person, "book:write"))

    def test_a_superuser_has_every_permission(self):
        self.assertTrue(self.may(self.world.ada, "anything:at:all"))
