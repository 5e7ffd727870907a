"""A profile that nobody compiled in: other paths, names, status and errors,
loaded by the shipped gateway from a directory."""

import json
import os
import shutil
import tempfile
import unittest

from tests.contract import held
from tests.contract.case import Case, add_cases, check_body
from tests.support import process, programs
from tests.support.deployment import EMAIL, PASSWORD, Deployment
from tests.support.description import Description

# "Haustür": a login page of a customer who never heard of Django.
PROFILE = {
    "profile": "haustuer",
    "extends": "drf",
    "summary": "A customer's own API.",
    "errors": {
        "fields_invalid": {"status": 422, "body": {
            "ok": False, "fehler": "{fields}"}},
        "CREDENTIALS_INVALID": {"status": 403, "body": {
            "ok": False, "grund": "Falsche Zugangsdaten"}},
        "json_malformed": {"status": 400, "body": {
            "ok": False, "grund": "kein JSON"}},
        "caller.TOKEN_INVALID": {"status": 401, "body": {
            "ok": False, "grund": "kein Ausweis"}},
        "credentials_missing": {"status": 401, "body": {
            "ok": False, "grund": "Ausweis fehlt"}},
    },
    "routes": [
        {
            "summary": "Log in.",
            "method": "PUT",
            "path": "/tuer/{wer}/auf/",
            "rpc": "latchkey.v1.AuthService/Authenticate",
            "auth": "none",
            "request": [
                {"field": "identifier", "from": ["path.wer"]},
                {"field": "password",
                 "from": ["body.kennwort", "header.X-Kennwort"]},
            ],
            "may": ["CREDENTIALS_INVALID"],
            "status": 201,
            "headers": {"X-Haus": "Nummer 7"},
            "no_store": True,
            "body": {
                "ok": True,
                "schluessel": {"kurz": "{access_token}",
                               "lang": "{refresh_token}"},
                "person": {"nr": "{user.id}", "post": "{user.email}",
                           "rollen": "{user.roles}"},
            },
        },
        {
            "summary": "Who am I?",
            "method": "GET",
            "path": "/wer/",
            "rpc": "latchkey.v1.AccountService/GetMe",
            "auth": "bearer",
            "body": {"name": "{user.full_name}",
                     "admin": "{user.is_superuser}"},
        },
    ],
}

OPENED = ('{"ok":true,"schluessel":{"kurz":"<JWT>","lang":"<JWT>"},'
          '"person":{"nr":<N>,"post":"%s","rollen":[]}}' % EMAIL)
PATH = "/tuer/ada/auf/"


def write_profile(folder, profile):
    path = os.path.join(folder, "haustuer.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(profile, file)
    return path


class ProfileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        write_profile(cls.folder, PROFILE)
        cls.deployment = Deployment(
            gateway={"gateway.profile_dir": cls.folder}).start()
        cls.addClassCleanup(cls.deployment.close)
        held.DESCRIBED[cls.deployment.http_port] = Description.of_gateway(
            "--profile-dir", cls.folder)
        cls.access = cls.deployment.login()["access"]

    def test_its_token_opens_its_own_route_and_the_others(self):
        answer = Case("", "PUT", PATH, 201,
                      json={"kennwort": PASSWORD}).send(
                          self.deployment.http_port)
        headers = {"Authorization":
                   "Bearer " + answer.json()["schluessel"]["kurz"]}
        mine = self.deployment.get("/wer/", headers)
        check_body(self, '{"name":"Ada Lovelace","admin":true}', mine)
        self.assertEqual(200, self.deployment.get(
            "/api/auth/users/me/", headers).status)

    def test_the_compiled_in_profiles_are_still_there(self):
        self.assertEqual(400, self.deployment.post(
            "/api/auth/login/", {}).status)


add_cases(ProfileTest, [
    Case("it logs in", "PUT", PATH, 201, OPENED, json={"kennwort": PASSWORD},
         allow="PUT, OPTIONS", more={"X-Haus": "Nummer 7"}),
    Case("the password may come in a header", "PUT", "/tuer/ada/auf", 201,
         OPENED, headers={"X-Kennwort": PASSWORD}),
    Case("a path's parameter is decoded", "PUT",
         "/tuer/ada%40example.com/auf/", 201, OPENED,
         json={"kennwort": PASSWORD}),
    Case("a wrong password has its own words", "PUT", PATH, 403,
         '{"ok":false,"grund":"Falsche Zugangsdaten"}',
         json={"kennwort": "x"}),
    Case("a missing field has its own shape and name", "PUT", PATH, 422,
         '{"ok":false,"fehler":{"kennwort":["This field is required."]}}',
         json={}),
    Case("a syntax error has its own words", "PUT", PATH, 400,
         '{"ok":false,"grund":"kein JSON"}', body=b"{",
         headers={"Content-Type": "application/json"}),
    Case("a missing token has its own words", "GET", "/wer/", 401,
         '{"ok":false,"grund":"Ausweis fehlt"}', allow="GET, HEAD, OPTIONS"),
    Case("a bad token has its own words", "GET", "/wer/", 401,
         '{"ok":false,"grund":"kein Ausweis"}',
         headers={"Authorization": "Bearer x"}),
    Case("what it does not say is inherited", "GET", PATH, 405,
         '{"detail":"Method \\"GET\\" not allowed."}', allow="PUT, OPTIONS"),
])


class BadProfileTest(unittest.TestCase):
    """A profile with a mistake stops the start, and the place is named."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.deployment = Deployment(
            gateway={"gateway.profile_dir": cls.folder})
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.create()
        cls.deployment.create_gateway()
        cls.deployment.http_port = 18000  # never listened on

    def assert_refused(self, profile, pointer):
        path = write_profile(self.folder, profile)
        status, out, err = process.run(
            [programs.gateway(), "serve", "--home", self.deployment.home,
             "--check-config"], env=self.deployment.gateway_environment())
        said = (out + err).strip()
        self.assertEqual(1, status, said)
        self.assertIn(path, said)
        self.assertIn(pointer, said)
        self.assertEqual(1, len(process.sentences(said)), said)

    def changed(self, route, **more):
        profile = json.loads(json.dumps(PROFILE))
        profile["routes"][route].update(more)
        return profile

    def test_an_unknown_rpc_is_named(self):
        self.assert_refused(
            self.changed(0, rpc="latchkey.v1.AuthService/Guess"),
            "/routes/0/rpc")

    def test_an_unknown_field_of_the_request_is_named(self):
        self.assert_refused(self.changed(0, request=[
            {"field": "identifier", "from": ["path.wer"]},
            {"field": "pin", "from": ["body.pin"]}]),
            "/routes/0/request/1/field")

    def test_an_unknown_field_of_the_answer_is_named(self):
        self.assert_refused(self.changed(1, body={"a": "{user.shoe_size}"}),
                            "/routes/1/body/a")

    def test_an_unknown_member_is_named(self):
        self.assert_refused(self.changed(1, colour="red"),
                            "/routes/1/colour")

    def test_a_collision_with_another_profile_is_named(self):
        self.assert_refused(self.changed(1, path="/api/auth/users/me/"),
                            "/routes/1")

    def test_a_parameter_that_the_path_lacks_is_named(self):
        self.assert_refused(self.changed(0, path="/tuer/auf/"),
                            "/routes/0/request/0")
