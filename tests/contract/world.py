"""A Latchkey with people in it: strangers who register, staff, a superuser.

Its access tokens are signed with a secret that the tests know, so that they
can also present what the server never signs.
"""

import json
import os
import shutil
import tempfile
import threading
from concurrent import futures
from dataclasses import dataclass, field

from tests.contract.case import HOLES
from tests.support import http_client, jwt
from tests.support.deployment import Deployment
from tests.support.issuer import Issuer

BASE = "https://auth.example.com"
SECRET = b"a secret that is shared with a Django, 48 bytes.."
PASSWORD = "tulip orchard 71 lanterns"
ATTRIBUTES = ("phone:text:user", "newsletter:flag:user",
              "score:integer:staff", "imported:text:nobody")
UNSET = {"phone": None, "newsletter": None, "score": None, "imported": None}

HOLES["<AVATAR>"] = (r'"%s/media/avatars/\d{4}/\d\d/\d\d/[\w-]+\.\w+"'
                     % BASE.replace(".", r"\."))
HOLES["<LIST>"] = r"\[.*\]"


@dataclass
class Request:
    """A request as a test wants it sent. `json` is sent as JSON."""

    method: str
    path: str
    json: object = None
    body: bytes = None
    headers: dict = field(default_factory=dict)
    bearer: str = None

    def send(self, port):
        headers, body = dict(self.headers), self.body
        if self.json is not None:
            body = json.dumps(self.json).encode()
            headers.setdefault("Content-Type", "application/json")
        if self.bearer is not None:
            headers.setdefault("Authorization", "Bearer " + self.bearer)
        return http_client.request(port, self.method, self.path, headers,
                                   body)


class Person:
    """Somebody with an account and the tokens of one session."""

    def __init__(self, user, password, pair=None):
        self.id = user["id"]
        self.email = user["email"]
        self.user = user
        self.password = password
        self.access = pair and pair["access"]
        self.refresh = pair and pair["refresh"]


def user_text(user, **changed):
    """The user object as JSON, with holes for its dates and its number.

    user: what is not at its default; attributes are set alike.
    """
    value = {"id": "<N>", "email": "", "first_name": "", "last_name": "",
             "full_name": "", "avatar": None, "is_staff": False,
             "is_superuser": False, "roles": [], "username": None,
             "is_active": True, "email_verified": False,
             "date_joined": "<DATE>", "last_login": "<DATE?>"}
    value.update(UNSET)
    value.update(user, **changed)
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for hole in HOLES:
        if hole != "<ANY>":
            text = text.replace('"%s"' % hole, hole)
    return text


class World:
    """A deployment and the people in it. server and gateway: its settings."""

    def __init__(self, server=None, gateway=None):
        self.folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        self.issuer = Issuer(self.folder)
        with tempfile.NamedTemporaryFile(dir="/tmp") as file:
            file.write(SECRET + b"\n")
            file.flush()
            self.deployment = Deployment(
                server={"registration.mode": "open",
                        "server.public_base": BASE,
                        "server.operator_name": "Acme & Söhne",
                        "users.attributes": ATTRIBUTES,
                        "federation.google_audiences": "web",
                        "federation.google_keys": self.issuer.url,
                        "federation.ca": self.issuer.ca, **(server or {})},
                gateway={"gateway.public_base": BASE,
                         "pages.operator_name": "Acme & Söhne",
                         **(gateway or {})},
                init=("--set", "tokens.algorithm=HS256",
                      "--secret-file", file.name)).start()
        self.ada = self.enter("ada@example.com", "correct horse 9 battery")

    def close(self):
        self.issuer.close()
        shutil.rmtree(self.folder)
        self.deployment.close()

    @property
    def port(self):
        return self.deployment.http_port

    @property
    def mailbox(self):
        return self.deployment.mailbox

    # Requests

    def send(self, method, path, value=None, bearer=None, **more):
        """One request; bearer is a person or a token."""
        if isinstance(bearer, Person):
            bearer = bearer.access
        return Request(method, path, value, bearer=bearer,
                       **more).send(self.port)

    def must(self, status, method, path, value=None, bearer=None, **more):
        """The same; the answer has to have this status."""
        answer = self.send(method, path, value, bearer, **more)
        if answer.status != status:
            raise AssertionError("%s %s: %r" % (method, path, answer))
        return answer

    def logged(self, answer):
        """The access log's line of an answer, as a dictionary."""
        ident = answer.header("X-Request-Id")
        gateway = self.deployment.gateway
        gateway.wait_for(
            lambda p: any(ident in line for line in p.lines if line),
            "request " + ident)
        return gateway.events("request", request_id=ident)[0]

    @staticmethod
    def at_once(count, call):
        """call(0) ... call(count - 1) side by side; returns the results."""
        start = threading.Barrier(count)

        def run(number):
            start.wait()
            return call(number)
        with futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(run, range(count)))

    # People

    @staticmethod
    def fresh(what="person"):
        """A name that nobody has."""
        return "%s-%s" % (what, os.urandom(6).hex())

    def enter(self, identifier, password=PASSWORD, **more):
        """Logs in; returns the Person."""
        pair = self.must(200, "POST", "/api/auth/login/", {
            "email": identifier, "password": password}, **more).json()
        return Person(pair["user"], password, pair)

    def register(self, password=PASSWORD, **more):
        """Somebody new, by registration in mode open."""
        values = {"email": self.fresh() + "@example.com",
                  "password": password, **more}
        pair = self.must(201, "POST", "/api/auth/register/", values).json()
        return Person(pair["user"], password, pair)

    def create(self, by=None, password=PASSWORD, **more):
        """Somebody new, made by staff and not logged in."""
        values = {"email": self.fresh() + "@example.com", **more}
        if password is not None:
            values["password"] = password
        user = self.must(201, "POST", "/api/auth/users/", values,
                         by or self.ada).json()
        return Person(user, password)

    def staff(self, **more):
        """A new member of staff, logged in."""
        return self.enter(self.create(is_staff=True, **more).email)

    def superuser(self):
        return self.enter(self.create(is_staff=True,
                                      is_superuser=True).email)

    def role(self, *permissions):
        """A new role; returns its name."""
        name = self.fresh("role")
        self.must(201, "POST", "/api/auth/roles/", {
            "name": name, "permissions": list(permissions)}, self.ada)
        return name

    def me(self, person, status=200):
        return self.must(status, "GET", "/api/auth/users/me/",
                         bearer=person).json()

    # Links, from the mails that were really sent

    def mail(self, person_or_address, words=""):
        to = getattr(person_or_address, "email", person_or_address)
        return self.mailbox.wait_about(to, words)

    def path_of(self, mail):
        """The link of a mail as a path of this gateway."""
        link = mail.link
        if not link.startswith(BASE + "/"):
            raise AssertionError("a link to " + link)
        return link[len(BASE):]

    def verify_link(self, person):
        return self.path_of(self.mail(person, "Verify"))

    def reset_link(self, person):
        """Asks for a reset; returns the link's path."""
        self.must(200, "POST", "/api/auth/password-reset/",
                  {"email": person.email})
        return self.path_of(self.mail(person, "Set a new password"))

    # Tokens

    @staticmethod
    def forge(person, drop=(), **claims):
        """A well signed access token with other claims."""
        body = dict(jwt.claims(person.access), **claims)
        for name in drop:
            del body[name]
        return jwt.hs256(jwt.header(person.access), body, SECRET)
