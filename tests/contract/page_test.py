"""The HTML pages behind mailed links: whole, quiet, and usable without any
script."""

import base64
import hashlib
import html.parser
import re
import unittest

from tests.contract.world import PASSWORD, World

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
           "Sec-Fetch-Mode": "navigate"}
FORM = "application/x-www-form-urlencoded"
VERIFY = "/api/auth/verify-email/"
NEXT = "marble staircase 55 comets"
VOID = {"meta", "input", "br", "link", "img", "hr"}


class Page(html.parser.HTMLParser):
    """Reads a page and demands that every element is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.elements = []
        self.title = ""
        self.feed(text)
        self.close()
        if self.open:
            raise AssertionError("never closed: %s" % self.open)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            raise AssertionError("an attribute twice: %s" % attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError("</%s> in %s" % (tag, self.open))

    def handle_data(self, data):
        if self.open and self.open[-1] == "title":
            self.title += data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    def inputs(self):
        return {attrs["name"]: attrs for attrs in self.all("input")}


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def page(self, status, method, path, fields=None):
        """Asks as a browser; checks what all pages have in common."""
        headers, body = dict(BROWSER), None
        if fields is not None:
            headers["Content-Type"] = FORM
            body = fields.encode()
        answer = self.world.must(status, method, path, body=body,
                                 headers=headers)
        self.assertEqual("text/html; charset=utf-8",
                         answer.header("Content-Type"))
        self.assertEqual("no-store", answer.header("Cache-Control"))
        self.assertEqual("no-referrer", answer.header("Referrer-Policy"))
        self.assertEqual("DENY", answer.header("X-Frame-Options"))
        self.check_policy(answer.header("Content-Security-Policy"))
        page = Page(answer.text())
        self.check_quiet(page)
        self.check_readable(page, answer.text())
        return page

    def check_policy(self, policy):
        parts = dict(part.strip().partition(" ")[::2]
                     for part in policy.split(";"))
        self.assertEqual("'none'", parts["default-src"])
        self.assertEqual("'none'", parts["frame-ancestors"])
        self.assertEqual("'none'", parts["base-uri"])
        self.assertEqual("'self'", parts["form-action"])
        self.assertRegex(parts["style-src"], r"^'sha256-[\w+/=]+'$")
        self.assertNotIn("unsafe", policy)

    def check_quiet(self, page):
        """Nothing runs and nothing is fetched."""
        for tag, attrs in page.elements:
            self.assertNotIn(tag, ("script", "iframe", "object", "img",
                                   "link", "base"))
            self.assertFalse([name for name in attrs
                              if name.startswith("on") or name == "src"])

    def check_readable(self, page, text):
        """For a screen reader and on a phone."""
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        self.assertEqual("en", page.all("html")[0]["lang"])
        self.assertIn("width=device-width", text)
        self.assertIn("Acme & Söhne", page.title)
        self.assertEqual(1, len(page.all("h1")))
        labelled = {attrs.get("for") for attrs in page.all("label")}
        for attrs in page.all("input"):
            if attrs.get("type") != "hidden":
                self.assertIn(attrs["id"], labelled)
        described = " ".join(attrs.get("aria-describedby", "")
                             for attrs in page.all("input")).split()
        there = {attrs.get("id") for _, attrs in page.elements}
        self.assertEqual(set(), set(described) - there)

    def test_a_style_is_the_one_that_the_policy_names(self):
        answer = self.world.send("GET", VERIFY + "?token=x",
                                 headers=BROWSER)
        style = re.search(r"<style>(.*?)</style>", answer.text(),
                          re.S).group(1)
        digest = base64.b64encode(
            hashlib.sha256(style.encode()).digest()).decode()
        self.assertIn("'sha256-%s'" % digest,
                      answer.header("Content-Security-Policy"))

    def test_an_address_is_verified_by_a_button(self):
        link = self.world.verify_link(self.world.register())
        page = self.page(202, "GET", link)
        form, = page.all("form")
        self.assertEqual("post", form["method"])
        token = page.inputs()["token"]["value"]
        self.assertEqual(link.split("=")[1], token)
        page = self.page(200, "POST", VERIFY, "token=" + token)
        self.assertEqual([], page.all("form"))
        self.page(200, "POST", VERIFY, "token=" + token)

    def test_a_password_is_reset_by_a_form(self):
        person = self.world.register()
        link = self.world.reset_link(person)
        page = self.page(200, "GET", link)
        self.assertEqual({"password", "password_again"},
                         set(page.inputs()))
        for attrs in page.inputs().values():
            self.assertEqual(("password", "new-password"),
                             (attrs["type"], attrs["autocomplete"]))
        page = self.page(400, "POST", link,
                         "password=123&password_again=123")
        self.assertEqual("true", page.inputs()["password"]["aria-invalid"])
        page = self.page(400, "POST", link,
                         "password=%s&password_again=other"
                         % NEXT.replace(" ", "+"))
        self.assertEqual("true",
                         page.inputs()["password_again"]["aria-invalid"])
        for attrs in page.inputs().values():
            self.assertFalse(attrs.get("value"))
        good = "password={0}&password_again={0}".format(
            NEXT.replace(" ", "+"))
        self.page(200, "POST", link, good)
        self.world.enter(person.email, NEXT)
        used = self.page(400, "POST", link, good)
        self.assertIn("used", used.title)
        self.assertIn("used", self.page(400, "GET", link).title)

    def test_a_problem_is_announced(self):
        link = self.world.reset_link(self.world.register())
        answer = self.world.must(400, "POST", link, body=b"password=123",
                                 headers=dict(BROWSER,
                                              **{"Content-Type": FORM}))
        self.assertRegex(answer.text(), r'role="(alert|status)"')
        self.assertIn("This password is too short.", answer.text())

    def test_a_link_that_is_none_is_explained(self):
        for method, path, fields in (
                ("GET", VERIFY + "?token=junk", None),
                ("GET", VERIFY, None),
                ("POST", VERIFY, "token=junk"),
                ("GET", "/api/auth/password-reset-confirm/MQ/junk/", None),
                ("POST", "/api/auth/password-reset-confirm/MQ/junk/",
                 "password=%s" % PASSWORD.replace(" ", "+"))):
            page = self.page(400, method, path, fields)
            self.assertIn("does not work", page.title)

    def test_what_a_client_sends_is_escaped(self):
        for path in (VERIFY + "?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
                     VERIFY + "?token='\"%3Cb%3E&x=%3Cb%3E",
                     "/api/auth/password-reset-confirm/%3Cb%3E/%22%3E/"):
            answer = self.world.send("GET", path, headers=BROWSER)
            self.assertNotIn("<script", answer.text())
            self.assertNotIn("<b>", answer.text())

    def test_a_script_gets_json_from_the_same_addresses(self):
        link = self.world.reset_link(self.world.register())
        answer = self.world.must(400, "POST", link, {"password": "123"},
                                 headers={"Accept": "application/json"})
        self.assertEqual(["password"], list(answer.json()))
        answer = self.world.must(200, "POST", link, {"password": NEXT})
        self.assertEqual({"detail": "Password changed."}, answer.json())
