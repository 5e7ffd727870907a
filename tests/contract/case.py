"""Contract cases as table rows: a request and what must come back.

Expected bodies are exact JSON texts with a few holes: <JWT>, <DATE>,
<DATE?> (or null), <BOOL>, <N>, <ANY> (text without quotes), <OBJECT> and
<USER>, the whole user object of ada.
"""

import json
import re
from dataclasses import dataclass, field

from tests.contract import held  # every answer is held to the description
from tests.support import http_client, jwt
from tests.support.deployment import EMAIL

HOLES = {
    "<JWT>": r"[\w-]+\.[\w-]+\.[\w-]+",
    "<DATE>": r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"',
    "<DATE?>": r'(?:null|"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")',
    "<BOOL>": r"(?:true|false)",
    "<N>": r"\d+",
    "<OBJECT>": r"\{.*\}",
    "<ANY>": r'[^"]*',
}

USER = ('{"id":<N>,"email":"%s","first_name":"Ada","last_name":"Lovelace",'
        '"full_name":"Ada Lovelace","avatar":null,"is_staff":true,'
        '"is_superuser":true,"roles":[],"username":"ada","is_active":true,'
        '"email_verified":<BOOL>,"date_joined":<DATE>,"last_login":<DATE?>}'
        % EMAIL)

EVERY_ANSWER = {
    "Vary": "Accept, origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def pattern(text):
    """Returns the regular expression of an expected body."""
    text = text.replace("<USER>", USER)
    parts = re.split("(<[A-Z?]+>)", text)
    return "".join(HOLES.get(part) or re.escape(part) for part in parts)


@dataclass
class Case:
    """One row. `json` is sent as JSON, `body` as it is."""

    name: str
    method: str
    path: str
    status: int
    expect: str = ""
    json: object = None
    body: bytes = None
    headers: dict = field(default_factory=dict)
    allow: str = None           # None: not checked
    more: dict = field(default_factory=dict)  # headers that must be there
    token: bool = False         # send ada's access token

    def send(self, port, access=None):
        headers, body = dict(self.headers), self.body
        if self.json is not None:
            body = json.dumps(self.json).encode()
            headers.setdefault("Content-Type", "application/json")
        if self.token:
            headers["Authorization"] = "Bearer " + access
        return http_client.request(port, self.method, self.path, headers,
                                   body)


def check_headers(test, answer):
    """What every answer of the gateway carries."""
    for name, value in EVERY_ANSWER.items():
        test.assertEqual(value, answer.header(name), name)
    test.assertRegex(answer.header("X-Request-Id") or "", r"^[\w-]{16,64}$")
    challenge = 'Bearer realm="api"' if answer.status == 401 else None
    test.assertEqual(challenge, answer.header("WWW-Authenticate"))
    if answer.body:
        test.assertEqual("application/json", answer.header("Content-Type"))
    if answer.status == 503:
        test.assertRegex(answer.header("Retry-After") or "", r"^[1-9]\d*$")
    for _, value in answer.headers:
        test.assertNotIn("microhttpd", value.lower())


def check_body(test, expected, answer):
    test.assertRegex(answer.text(), "^" + pattern(expected) + r"\Z")
    if answer.body:
        json.loads(answer.body)


def check(test, case, answer):
    """Checks an answer against its row."""
    test.assertEqual(case.status, answer.status, answer)
    check_headers(test, answer)
    if case.method != "HEAD":
        check_body(test, case.expect, answer)
    if case.allow is not None:
        test.assertEqual(case.allow, answer.header("Allow"))
    for name, value in case.more.items():
        test.assertEqual(value, answer.header(name), name)
    if "<JWT>" in case.expect:
        test.assertEqual("no-store", answer.header("Cache-Control"))
        # The last match is a token, whatever else has two dots.
        tokens = re.findall(HOLES["<JWT>"], answer.text())
        test.assertTrue(jwt.header(tokens[-1])["alg"])


def method_name(sentence):
    """A sentence as the name of a test method."""
    return "test_" + re.sub(r"[^\w/{}.-]+", "_", sentence).strip("_")


def add_cases(cls, cases):
    """Makes each row a test method of a class with `deployment`, `access`."""
    for case in cases:
        def test(self, case=case):
            answer = case.send(self.deployment.http_port,
                               getattr(self, "access", None))
            check(self, case, answer)
        name = method_name(case.name)
        if hasattr(cls, name):
            raise ValueError("two cases are called %r" % case.name)
        setattr(cls, name, test)
