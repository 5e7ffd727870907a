"""Mails and their one-time links, from the request to the reader's click, by
the transport that development uses."""

import base64
import unittest
import urllib.parse

from tests.contract.case import check_body
from tests.contract.world import BASE, PASSWORD, World
from tests.wire.wire_client import Refused

VERIFY = "/api/auth/verify-email/"
RESEND = "/api/auth/verify-email/resend/"
RESET = "/api/auth/password-reset/"
NEXT = "marble staircase 55 comets"
SCRIPT = {"Accept": "application/json"}
# What scanners and browsers send when a link is opened.
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,"
                     "*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
SCANNERS = (("GET", {}), ("HEAD", {}), ("GET", {"Accept": "*/*"}),
            ("GET", BROWSER), ("HEAD", SCRIPT),
            ("GET", {"Accept": "text/html", "Sec-Fetch-Mode": "no-cors"}))
HOUR_S, DAY_S = 3600, 86400


def dead(code):
    return ('{"detail":"This link is not valid any more.","code":"%s"}'
            % code)


class LinkCase(unittest.TestCase):
    SERVER = {}

    @classmethod
    def setUpClass(cls):
        cls.world = World(server=cls.SERVER)
        cls.addClassCleanup(cls.world.close)

    def is_verified(self, person):
        return self.world.me(person)["email_verified"]

    def assert_dead(self, code, method, path, value=None, **more):
        answer = self.world.must(400, method, path, value, **more)
        check_body(self, dead(code), answer)


class VerifyTest(LinkCase):
    def test_the_mail_says_who_where_and_for_how_long(self):
        person = self.world.register()
        mail = self.world.mail(person)
        self.assertIn("Acme & Söhne", mail.header("Subject"))
        self.assertIn(person.email, mail.body("plain"))
        self.assertIn("within 3 days", mail.body("plain"))
        self.assertIn("Acme &amp; Söhne", mail.body("html"))
        self.assertTrue(mail.header("Message-ID"))
        self.assertRegex(mail.link, r"^%s/api/auth/verify-email/\?token="
                                    r"[\w-]{43}$" % BASE)

    def test_a_click_on_the_page_verifies(self):
        person = self.world.register()
        link = self.world.verify_link(person)
        page = self.world.must(202, "GET", link, headers=BROWSER)
        self.assertIn('method="post"', page.text())
        token = link.split("=")[1]
        self.world.must(
            200, "POST", VERIFY, body=b"token=" + token.encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded",
                     "Accept": "text/html"})
        self.assertTrue(self.is_verified(person))

    def test_no_scanner_verifies_or_burns_anything(self):
        person = self.world.register()
        link = self.world.verify_link(person)
        for method, headers in SCANNERS:
            self.world.send(method, link, headers=headers)
        self.assertFalse(self.is_verified(person))
        self.world.must(200, "GET", link, headers=SCRIPT)
        self.assertTrue(self.is_verified(person))

    def test_a_script_verifies_by_get_and_may_repeat(self):
        for headers in (SCRIPT, {"Sec-Fetch-Mode": "cors"},
                        {"Accept": "text/html, application/json"}):
            person = self.world.register()
            link = self.world.verify_link(person)
            for _ in range(2):
                answer = self.world.must(200, "GET", link, headers=headers)
                check_body(self, '{"detail":"E-mail verified."}', answer)
            self.assertTrue(self.is_verified(person))

    def test_a_bent_token_is_no_link(self):
        link = self.world.verify_link(self.world.register())
        flipped = link[:-1] + ("A" if link[-1] != "A" else "Q")
        for path in (flipped, link + "x", link[:-1], VERIFY + "?token=%00",
                     VERIFY + "?token=" + "x" * 500):
            with self.subTest(path=path):
                answer = self.world.send("POST", path)
                self.assertEqual(400, answer.status, answer)

    def test_a_new_mail_voids_the_link_before(self):
        person = self.world.register()
        old = self.world.verify_link(person)
        answer = self.world.must(200, "POST", RESEND,
                                 {"email": person.email})
        check_body(self, '{"detail":"If the address is waiting for '
                         'verification, a mail is on its way."}', answer)
        links = {self.world.path_of(mail) for mail
                 in self.world.mailbox.wait(person.email, 2)}
        self.assertIn(old, links)
        self.assert_dead("link_used", "POST", old)
        self.world.must(200, "POST", (links - {old}).pop())

    def test_resend_says_the_same_to_everybody(self):
        done = self.world.register()
        self.world.must(200, "POST", self.world.verify_link(done))
        answers = {self.world.must(200, "POST", RESEND, {"email": email})
                   .text() for email in (
                       done.email, "nobody@example.com",
                       self.world.register().email)}
        self.assertEqual(1, len(answers))
        self.assertEqual(1, len(self.world.mailbox.all(done.email)))

    def test_another_address_voids_the_link(self):
        person = self.world.register()
        link = self.world.verify_link(person)
        email = self.world.fresh() + "@example.com"
        self.world.must(200, "PATCH", "/api/auth/users/%d/" % person.id,
                        {"email": email}, self.world.ada)
        self.assert_dead("link_invalid", "POST", link)
        self.assertFalse(self.is_verified(person))

    def test_a_link_is_for_one_purpose(self):
        person = self.world.register()
        token = self.world.verify_link(person).split("=")[1]
        uid, reset = self.world.reset_link(person).split("/")[-3:-1]
        self.assert_dead("link_invalid", "POST",
                         "/api/auth/password-reset-confirm/%s/%s/"
                         % (uid, token), {"password": NEXT})
        self.assert_dead("link_invalid", "POST", VERIFY, {"token": reset})


class ResetTest(LinkCase):
    def confirm(self, link, password=NEXT, method="POST", status=200):
        return self.world.must(status, method, link, {"password": password})

    def test_a_reset_changes_the_password_and_ends_every_session(self):
        for method in ("POST", "PATCH"):
            person = self.world.register()
            other = self.world.enter(person.email)
            link = self.world.reset_link(person)
            answer = self.confirm(link, method=method)
            check_body(self, '{"detail":"Password changed."}', answer)
            for session in (person, other):
                self.world.me(session, status=401)
                self.world.must(401, "POST", "/api/auth/token/refresh/",
                                {"refresh": session.refresh})
            self.world.must(401, "POST", "/api/auth/login/", {
                "email": person.email, "password": PASSWORD})
            self.world.enter(person.email, NEXT)
            self.assertTrue(self.world.mail(person, "was changed"))

    def test_the_link_names_the_user_as_django_does(self):
        person = self.world.register()
        uid = self.world.reset_link(person).split("/")[-3]
        self.assertEqual(str(person.id).encode(), base64.urlsafe_b64decode(
            uid + "=" * (-len(uid) % 4)))
        self.assertNotIn("=", uid)

    def test_a_link_works_once(self):
        link = self.world.reset_link(self.world.register())
        self.confirm(link)
        self.assert_dead("link_used", "POST", link,
                         {"password": NEXT + "2"})

    def test_of_many_at_once_one_succeeds(self):
        link = self.world.reset_link(self.world.register())
        answers = self.world.at_once(8, lambda number: self.world.send(
            "POST", link, {"password": NEXT + str(number)}))
        self.assertEqual([200] + [400] * 7,
                         sorted(answer.status for answer in answers))

    def test_a_bad_password_burns_nothing(self):
        link = self.world.reset_link(self.world.register())
        for password in ("123", "password", "", None):
            self.confirm(link, password, status=400)
        self.confirm(link)

    def test_looking_burns_nothing(self):
        link = self.world.reset_link(self.world.register())
        for method, headers in SCANNERS:
            answer = self.world.send(method, link, headers=headers)
            self.assertEqual(200, answer.status, answer)
        self.confirm(link)

    def test_a_link_of_another_user_is_none(self):
        link = self.world.reset_link(self.world.register())
        other = self.world.reset_link(self.world.register())
        parts = link.split("/")
        parts[-3] = other.split("/")[-3]
        self.assert_dead("link_invalid", "POST", "/".join(parts),
                         {"password": NEXT})
        self.confirm(link)

    def test_a_uid_that_is_none_is_refused(self):
        parts = self.world.reset_link(self.world.register()).split("/")
        for uid in ("x", "MQ==", "LTE", "%2e%2e", "AAAA", "MA", "x" * 200):
            with self.subTest(uid=uid):
                path = "/".join(parts[:-3] + [uid] + parts[-2:])
                answer = self.world.send("POST", path, {"password": NEXT})
                self.assertEqual(400, answer.status, answer)

    def test_a_password_change_voids_the_link(self):
        person = self.world.register()
        link = self.world.reset_link(person)
        self.world.must(200, "POST", "/api/auth/password/change/", {
            "old_password": PASSWORD, "new_password": NEXT}, person)
        answer = self.world.must(400, "POST", link,
                                 {"password": NEXT + "2"})
        self.assertIn(answer.json()["code"], ("link_used", "link_invalid"))

    def test_nobody_learns_who_is_known(self):
        sleeper = self.world.register()
        self.world.must(200, "POST", "/api/auth/users/%d/deactivate/"
                        % sleeper.id, bearer=self.world.ada)
        answers = {self.world.must(200, "POST", RESET, {"email": email})
                   .text() for email in (
                       "nobody@example.com", sleeper.email,
                       self.world.register().email)}
        self.assertEqual({'{"detail":"If the address is known, a mail is on '
                          'its way."}'}, answers)
        # A deactivated user gets the mail of the registration only.
        self.assertEqual(1, len(self.world.mailbox.all(sleeper.email)))

    def test_links_never_come_from_the_host_header(self):
        person = self.world.create()
        self.world.must(200, "POST", RESET, {"email": person.email},
                        headers={"Host": "evil.example",
                                 "X-Forwarded-Host": "evil.example",
                                 "Forwarded": "host=evil.example",
                                 "Origin": "https://evil.example"})
        mail = self.world.mail(person, "Set a new password")
        self.assertTrue(mail.link.startswith(BASE + "/"))
        self.assertNotIn("evil", mail.message.as_string())

    def test_the_mail_goes_to_the_address_as_stored(self):
        email = self.world.fresh("Grace") + "@Example.com"
        self.world.create(email=email)
        self.world.must(200, "POST", RESET, {"email": email.upper()})
        local, domain = email.split("@")
        # A domain has no case; IDNA writes it small.
        mail = self.world.mail(local + "@" + domain.lower(),
                               "Set a new password")
        self.assertIn(email, mail.body("plain"))

    def test_the_log_holds_no_token_of_a_path(self):
        link = self.world.reset_link(self.world.register())
        answer = self.confirm(link)
        self.world.logged(answer)
        self.assertNotIn(link.split("/")[-2],
                         self.world.deployment.gateway.log())


class InvitationTest(LinkCase):
    def test_whom_staff_makes_without_a_password_sets_one(self):
        person = self.world.create(password=None)
        mail = self.world.mail(person)
        self.assertIn("Your account", mail.header("Subject"))
        self.assertIn("within 7 days", mail.body("plain"))
        link = self.world.path_of(mail)
        self.world.must(401, "POST", "/api/auth/login/", {
            "email": person.email, "password": NEXT})
        self.world.must(200, "POST", link, {"password": NEXT})
        entered = self.world.enter(person.email, NEXT)
        self.assertTrue(entered.user["email_verified"])
        self.assert_dead("link_used", "POST", link, {"password": NEXT})

    def test_a_deleted_users_link_is_dead(self):
        person = self.world.create(password=None)
        link = self.world.path_of(self.world.mail(person))
        self.world.must(204, "DELETE", "/api/auth/users/%d/" % person.id,
                        bearer=self.world.ada)
        self.assert_dead("link_invalid", "POST", link, {"password": NEXT})


class TemplateTest(LinkCase):
    SERVER = {"links.verify": "https://app.example/#/verify/{token}",
              "links.reset": "https://app.example/r?u={uid}&t={token}"}

    def test_links_lead_to_the_configured_pages(self):
        person = self.world.register()
        link = self.world.mail(person).link
        self.assertTrue(link.startswith("https://app.example/#/verify/"))
        self.world.must(200, "POST", VERIFY,
                        {"token": link.rsplit("/", 1)[1]})
        self.world.must(200, "POST", RESET, {"email": person.email})
        link = self.world.mail(person, "Set a new password").link
        parts = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)
        self.world.must(200, "POST",
                        "/api/auth/password-reset-confirm/%s/%s/"
                        % (parts["u"][0], parts["t"][0]),
                        {"password": NEXT})


class AgeTest(LinkCase):
    """Links grow old; the server's clock is moved, not waited for."""

    def test_links_live_as_long_as_they_say(self):
        world = self.world
        person, guest = world.register(), world.create(password=None)
        verify, reset = world.verify_link(person), world.reset_link(person)
        invitation = world.path_of(world.mail(guest))
        world.deployment.age(HOUR_S + 60)
        self.assert_dead("link_expired", "POST", reset, {"password": NEXT})
        page = world.must(400, "GET", reset, headers=BROWSER)
        self.assertIn("This link has expired", page.text())
        world.must(202, "GET", verify, headers=BROWSER)
        world.deployment.age(3 * DAY_S)
        self.assert_dead("link_expired", "POST", verify)
        world.must(200, "GET", invitation)
        world.deployment.age(4 * DAY_S)
        self.assert_dead("link_expired", "POST", invitation,
                         {"password": NEXT})

    def test_a_mail_outlives_the_server(self):
        world = self.world
        person = world.create()
        world.must(200, "POST", RESET, {"email": person.email})
        world.deployment.server.kill()
        world.deployment.restart_server()
        link = world.path_of(world.mail(person, "Set a new password"))
        world.must(200, "POST", link, {"password": NEXT})


class VerifyOnGetTest(unittest.TestCase):
    def verified(self, setting, headers):
        world = World(gateway={"pages.verify_on_get": setting})
        self.addCleanup(world.close)
        person = world.register()
        world.send("HEAD", world.verify_link(person), headers=headers)
        self.assertFalse(world.me(person)["email_verified"])
        world.send("GET", world.verify_link(person), headers=headers)
        return world.me(person)["email_verified"]

    def test_always_verifies_for_browsers_too(self):
        self.assertTrue(self.verified("always", BROWSER))

    def test_never_verifies_not_even_for_scripts(self):
        self.assertFalse(self.verified("never", SCRIPT))


class WireLinkTest(LinkCase):
    def test_a_link_is_checked_over_rpc_without_using_it(self):
        token = self.world.verify_link(self.world.register()).split("=")[1]
        client = self.world.deployment.wire()
        self.addCleanup(client.close)
        for _ in range(2):
            client.call("AccountService/CheckLink", purpose=1, token=token)
        client.call("AccountService/VerifyEmail", token=token)
        with self.assertRaises(Refused):
            client.call("AccountService/CheckLink", purpose=2, token=token,
                        uid="MQ")
