"""CORS as section 4 of the contract has it."""

import unittest

from tests.contract.case import check_headers
from tests.support import http_client, process, programs
from tests.support.deployment import EMAIL, PASSWORD, Deployment

ORIGIN = "http://localhost:3000"
OTHER = "https://app.example.com"
EVIL = "http://evil.test"
LOGIN = "/api/auth/login/"
PREFLIGHT = {
    "Access-Control-Allow-Headers": "accept, authorization, content-type, "
                                    "user-agent, x-csrftoken, "
                                    "x-requested-with",
    "Access-Control-Allow-Methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
    "Access-Control-Max-Age": "86400",
}
EVERY_CORS_HEADER = (*PREFLIGHT, "Access-Control-Allow-Origin",
                     "Access-Control-Expose-Headers",
                     "Access-Control-Allow-Credentials")


class CorsCase(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(gateway=cls.SETTINGS).start()
        cls.addClassCleanup(cls.deployment.close)

    def ask(self, method, path, origin, **more):
        headers = {"Origin": origin}
        headers.update({k.replace("_", "-"): v for k, v in more.items()})
        answer = http_client.request(self.deployment.http_port, method, path,
                                     headers)
        check_headers(self, answer)
        return answer

    def preflight(self, origin, path=LOGIN):
        answer = self.ask("OPTIONS", path, origin,
                          Access_Control_Request_Method="POST",
                          Access_Control_Request_Headers="authorization")
        self.assertEqual((200, b""), (answer.status, answer.body))
        return answer

    def assert_no_cors(self, answer):
        for name in EVERY_CORS_HEADER:
            self.assertIsNone(answer.header(name), name)

    def assert_preflight(self, answer, origin):
        self.assertEqual(origin, answer.header("Access-Control-Allow-Origin"))
        for name, value in PREFLIGHT.items():
            self.assertEqual(value, answer.header(name))

    def assert_real(self, answer, origin):
        self.assertEqual(origin, answer.header("Access-Control-Allow-Origin"))
        self.assertEqual("X-Request-Id, Retry-After",
                         answer.header("Access-Control-Expose-Headers"))


class ListedOriginsTest(CorsCase):
    SETTINGS = {"cors.origins": [ORIGIN, OTHER]}

    def test_a_preflight_from_a_listed_origin_is_allowed(self):
        for origin in (ORIGIN, OTHER):
            self.assert_preflight(self.preflight(origin), origin)

    def test_a_preflight_is_answered_on_any_path(self):
        for path in ("/nope/", "/api/auth/users/me/", "/"):
            self.assert_preflight(self.preflight(ORIGIN, path), ORIGIN)

    def test_a_preflight_from_another_origin_gets_none_of_it(self):
        for origin in (EVIL, ORIGIN + ".evil.test", ORIGIN.upper(),
                       "http://localhost", "https://localhost:3000", "null",
                       ORIGIN + "/"):
            with self.subTest(origin=origin):
                self.assert_no_cors(self.preflight(origin))

    def test_options_that_is_no_preflight_is_a_real_request(self):
        answer = self.ask("OPTIONS", LOGIN, ORIGIN)
        self.assertEqual((200, b""), (answer.status, answer.body))
        self.assert_real(answer, ORIGIN)

    def test_a_real_request_may_be_read_by_a_listed_origin(self):
        answer = self.deployment.post(
            LOGIN, {"email": EMAIL, "password": PASSWORD}, {"Origin": ORIGIN})
        self.assertEqual(200, answer.status)
        self.assert_real(answer, ORIGIN)

    def test_errors_may_be_read_too(self):
        for method, path, status in (("GET", "/api/auth/users/me/", 401),
                                     ("GET", "/nope/", 404),
                                     ("PUT", LOGIN, 405),
                                     ("POST", LOGIN, 400)):
            answer = self.ask(method, path, ORIGIN)
            self.assertEqual(status, answer.status)
            self.assert_real(answer, ORIGIN)

    def test_a_real_request_of_another_origin_is_answered_without(self):
        answer = self.ask("GET", "/healthz", EVIL)
        self.assertEqual(200, answer.status)
        self.assert_no_cors(answer)

    def test_refusals_by_the_limits_may_be_read_too(self):
        answer = http_client.request(
            self.deployment.http_port, "POST", LOGIN,
            {"Origin": ORIGIN, "Content-Length": "70000"})
        self.assertEqual(413, answer.status)
        self.assertEqual("POST, OPTIONS", answer.header("Allow"))
        self.assert_real(answer, ORIGIN)


class NoOriginsTest(CorsCase):
    def test_without_a_setting_no_origin_is_allowed(self):
        self.assert_no_cors(self.preflight(ORIGIN))
        self.assert_no_cors(self.ask("GET", "/healthz", ORIGIN))

    def test_bad_settings_are_refused_with_what_to_write_instead(self):
        bad = (
            ({"cors.allow_all": True, "cors.allow_credentials": True},
             "list the origins"),
            ({"cors.origins": ["*"]}, "allow_all"),
            ({"cors.origins": [ORIGIN, "*"]}, "allow_all"),
        )
        for settings, advice in bad:
            with self.subTest(settings=settings):
                env = self.deployment.gateway_environment()
                env.update({k: v for k, v
                            in programs.environment(settings).items()
                            if k.startswith("LATCHKEY_CORS")})
                status, out, err = process.run(
                    [programs.gateway(), "serve", "--home",
                     self.deployment.home, "--check-config"], env=env)
                self.assertNotEqual(0, status)
                self.assertIn(advice, out + err)
                self.assertEqual(1, len(process.sentences(out + err)),
                                 out + err)


class AllowAllTest(CorsCase):
    SETTINGS = {"cors.allow_all": True}

    def test_allow_all_answers_a_star(self):
        self.assert_preflight(self.preflight(EVIL), "*")
        self.assert_real(self.ask("GET", "/healthz", EVIL), "*")


class CredentialsTest(CorsCase):
    SETTINGS = {"cors.origins": [ORIGIN], "cors.allow_credentials": True}

    def test_credentials_are_allowed_to_a_listed_origin_alone(self):
        name = "Access-Control-Allow-Credentials"
        self.assertEqual("true", self.preflight(ORIGIN).header(name))
        self.assertEqual("true",
                         self.ask("GET", "/healthz", ORIGIN).header(name))
        self.assert_no_cors(self.preflight(EVIL))
