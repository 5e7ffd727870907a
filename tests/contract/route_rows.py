"""Every route as the contract has it: a request that succeeds, one whose
fields are bad, and how each failure of its own is provoked.

What is alike for all routes is in tests/contract/conditions.py; exchange.py
makes of both what matrix_test.py, and the client that tests/openapi generates,
send.
"""

import functools

from tests.contract.case import HOLES
from tests.contract.world import BASE, PASSWORD, Request, user_text
from tests.support import jwt, pictures

REQUIRED = "This field is required."
JUNK = "x" * 43  # as long as a link's token
UID = "MQ"
PAIR = '{"refresh":"<JWT>","access":"<JWT>"}'
MULTIPART = "multipart/form-data; boundary=B"


def drf(**fields):
    return "{%s}" % ",".join('"%s":["%s"]' % item for item in fields.items())


def car(**fields):
    return '{"status":false,"message":%s}' % drf(**fields)


class Row:
    """One route.

    plain: world -> Request; well formed, but nothing needs to be behind it.
    good: the same, and it succeeds. bad: (change of plain, expected body).
    own: {condition: world -> Request}, failures of this route alone.
    needs: "" nobody, "user" or "staff".
    """

    def __init__(self, method, path, needs="", status=200, expect="",
                 value=None, plain=None, good=None, bad=None, own=None,
                 is_car=False):
        self.method = method
        self.path = path
        self.needs = needs
        self.status = status
        self.expect = expect
        self.value = value
        self.make_plain = plain
        self.make_good = good
        self.bad = bad
        self.own = own or {}
        self.is_car = is_car
        self.browser = {}

    @property
    def key(self):
        return "%s %s" % (self.method, self.path)

    def request(self, world, path=None, value=None, bearer=None, **more):
        if bearer is None and self.needs:
            bearer = world.ada
        token = getattr(bearer, "access", bearer)
        return Request(self.method, path or self.path, value, bearer=token,
                       **more)

    def plain(self, world):
        if self.make_plain:
            return self.make_plain(self, world)
        return self.request(world, value=self.value)

    def good(self, world):
        make = self.make_good or self.make_plain
        return make(self, world) if make else self.plain(world)


# Logging in

def ada_of(world, name, password=None):
    return {name: "ada", "password": password or world.ada.password}


ADA = {"email": "ada@example.com", "first_name": "Ada",
       "last_name": "Lovelace", "full_name": "Ada Lovelace",
       "is_staff": True, "is_superuser": True, "username": "ada",
       "email_verified": "<BOOL>"}
CAR_LOGIN = ('{"status":true,"message":"User logged in successfully.",'
             '"name":"Ada Lovelace","username":"ada","email":'
             '"ada@example.com","access_token":"<JWT>",'
             '"refresh_token":"<JWT>"}')


def unverified(row, world, name):
    """The right password of somebody whose address is not verified."""
    user = world.create()
    return row.request(world, value={name: user.email,
                                     "password": PASSWORD})


def login_throttled(row, world, name):
    """One more guess than the rate allows; any identifier will do."""
    value = {name: world.fresh(), "password": "x"}
    first = row.request(world, value=value)
    first.send(world.port)
    return first


def login(path, name, expect, is_car=False):
    shape = car if is_car else drf
    return Row(
        "POST", path, expect=expect, is_car=is_car,
        plain=lambda row, w: row.request(w, value=ada_of(w, name)),
        bad=({}, shape(**{name: REQUIRED, "password": REQUIRED})),
        own={"CREDENTIALS_INVALID": lambda row, w: row.request(
                 w, value=ada_of(w, name, "wrong")),
             "EMAIL_NOT_VERIFIED":
                 lambda row, w: unverified(row, w, name),
             "THROTTLED": lambda row, w: login_throttled(row, w, name)})


def logins():
    yield login("/api/auth/login/", "email",
                '{"refresh":"<JWT>","access":"<JWT>","user":%s}'
                % user_text(ADA))
    yield login("/api/token/", "username", PAIR)
    for path in ("/login/", "/account/login/"):
        yield login(path, "username_or_email", CAR_LOGIN, True)


# Tokens in the body

def ended(world):
    """Somebody whose session has ended."""
    person = world.register()
    world.must(205, "POST", "/api/auth/logout/", {"refresh": person.refresh})
    return person


def inactive(world):
    person = world.register()
    world.must(200, "POST", "/api/auth/users/%d/deactivate/" % person.id,
               bearer=world.ada)
    return person


def gone(world):
    person = world.register()
    world.must(204, "DELETE", "/api/auth/users/%d/" % person.id,
               bearer=world.ada)
    return person


def refresh_failures(name="refresh"):
    def of(make):
        return lambda row, w: row.request(w, value={name: make(w)})
    return {
        "TOKEN_INVALID": of(lambda w: "junk"),
        "TOKEN_WRONG_TYPE": of(lambda w: w.ada.access),
        "TOKEN_REVOKED": of(lambda w: ended(w).refresh),
        "TOKEN_EXPIRED": of(lambda w: w.old.refresh),
        "USER_GONE": of(lambda w: gone(w).refresh),
        "USER_INACTIVE": of(lambda w: inactive(w).refresh),
    }


def bearer_failures():
    """Bad access tokens, by what is wrong with them."""
    return {
        "TOKEN_INVALID": lambda w: jwt.with_broken_signature(w.ada.access),
        "TOKEN_EXPIRED": lambda w: w.forge(w.ada, exp=1),
        "TOKEN_WRONG_TYPE": lambda w: w.forge(w.ada, token_type="sliding"),
        "TOKEN_NO_TYPE": lambda w: w.forge(w.ada, drop=["token_type"]),
        "TOKEN_NO_ID": lambda w: w.forge(w.ada, drop=["jti"]),
        "TOKEN_NO_EXPIRY": lambda w: w.forge(w.ada, drop=["exp"]),
        "TOKEN_NO_USER_ID": lambda w: w.forge(w.ada, drop=["user_id"]),
        "TOKEN_REVOKED": lambda w: w.ended.access,
        "USER_GONE": lambda w: w.gone.access,
        "USER_INACTIVE": lambda w: w.inactive.access,
    }


def verify_failures():
    return {condition: (lambda row, w, make=make: row.request(
                w, value={"token": make(w)}))
            for condition, make in bearer_failures().items()}


def fresh_refresh(row, world):
    return row.request(world, value={"refresh": world.register().refresh})


def tokens():
    bad = ({}, drf(refresh=REQUIRED))
    for path in ("/api/auth/token/refresh/", "/api/auth/login/refresh/",
                 "/api/token/refresh/", "/token/refresh/", "/refresh-token/",
                 "/account/refresh-token/"):
        yield Row("POST", path, expect='{"access":"<JWT>"}', bad=bad,
                  plain=lambda row, w: row.request(
                      w, value={"refresh": w.ada.refresh}),
                  own=refresh_failures())
    for path in ("/api/auth/token/verify/", "/api/token/verify/"):
        yield Row("POST", path, expect="{}", bad=({}, drf(token=REQUIRED)),
                  plain=lambda row, w: row.request(
                      w, value={"token": w.ada.access}),
                  own=verify_failures())
    for path, status, expect in (("/api/auth/logout/", 205, ""),
                                 ("/api/token/blacklist/", 200, "{}")):
        yield Row("POST", path, status=status, expect=expect, bad=bad,
                  value={"refresh": "junk"}, good=fresh_refresh,
                  own=refresh_failures())


# ID tokens of another issuer

GRACE = {"email": "<ANY>", "first_name": "Grace", "last_name": "Hopper",
         "full_name": "Grace Hopper", "email_verified": True}


def id_token(row, world, address=None, **claims):
    """By default the token of somebody who has never been here."""
    address = address or world.fresh() + "@gmail.com"
    return row.request(world, value={
        "id_token": world.issuer.token(address, **claims)})


def of_an_account(row, world):
    """Of somebody with an address that is not the issuer's own."""
    return id_token(row, world, world.register().email)


def of_an_inactive_user(row, world):
    """Who was here before."""
    request = id_token(row, world)
    user = request.send(world.port).json()["user"]
    world.must(200, "POST", "/api/auth/users/%d/deactivate/" % user["id"],
               bearer=world.ada)
    return request


def of_an_unverified_user(row, world):
    """Who was here before, and has another address since."""
    request = id_token(row, world)
    user = request.send(world.port).json()["user"]
    world.must(200, "PATCH", "/api/auth/users/%d/" % user["id"],
               {"email": world.fresh() + "@example.com"}, bearer=world.ada)
    return request


def one_account_too_many(row, world):
    """The rate has room for one new account."""
    id_token(row, world).send(world.port)
    return id_token(row, world)


def id_tokens():
    yield Row("POST", "/auth/google/",
              expect='{"access":"<JWT>","refresh":"<JWT>","user":%s}'
              % user_text(GRACE),
              bad=({}, drf(id_token=REQUIRED)), plain=id_token,
              own={"ID_TOKEN_INVALID": lambda row, w: id_token(
                       row, w, aud="another"),
                   "ID_TOKEN_NOT_LINKED": of_an_account,
                   "USER_INACTIVE": of_an_inactive_user,
                   "EMAIL_NOT_VERIFIED": of_an_unverified_user,
                   "REGISTRATION_CLOSED": id_token,
                   "not_found": id_token,
                   "THROTTLED": one_account_too_many})


# Accounts

def register_value(world):
    return {"email": world.fresh() + "@example.com", "password": PASSWORD}


def sign_up_value(world):
    return dict(register_value(world), name="John Doe",
                confirm_password=PASSWORD)


def registered_twice(row, world, make):
    """The rate has room for one registration."""
    row.request(world, value=make(world)).send(world.port)
    return row.request(world, value=make(world))


def registration(path, make, expect, bad, is_car=False):
    def sent(row, world):
        return row.request(world, value=make(world))
    return Row(
        "POST", path, status=201, expect=expect, bad=bad, is_car=is_car,
        plain=sent,
        own={"REGISTRATION_CLOSED": sent,
             "THROTTLED": lambda row, w: registered_twice(row, w, make)})


def registrations():
    new = user_text({"email": "<ANY>", "last_login": "<DATE>"})
    yield registration(
        "/api/auth/register/", register_value,
        '{"user":%s,"access":"<JWT>","refresh":"<JWT>"}' % new,
        ({}, drf(email=REQUIRED, password=REQUIRED)))
    for path in ("/sign-up/", "/account/sign-up/"):
        yield registration(
            path, sign_up_value,
            '{"status":true,"message":"User registered successfully.",'
            '"name":"John Doe","username":null,"email":"<ANY>",'
            '"access_token":"<JWT>","refresh_token":"<JWT>"}',
            ({}, car(email=REQUIRED, password=REQUIRED,
                     confirm_password=REQUIRED)), True)


def old_password_guessed(row, world):
    value = {"old_password": "x", "new_password": PASSWORD}
    row.request(world, value=value).send(world.port)
    return row.request(world, value=value)


ME_BAD = ({"first_name": "x" * 151},
          drf(first_name="Ensure this field has no more than 150 "
                         "characters."))


def changed_twice(row, world):
    row.request(world).send(world.port)
    return row.request(world)


def accounts():
    for path in ("/api/auth/users/me/", "/api/auth/profile/"):
        yield Row("GET", path, "user", expect=user_text(ADA))
        for method in ("PATCH", "PUT"):
            yield Row(method, path, "user", value={"first_name": "Ada"},
                      expect=user_text(ADA), bad=ME_BAD,
                      own={"THROTTLED": changed_twice})
    yield Row("POST", "/api/auth/password/change/", "user",
              expect='{"detail":"Password changed."}',
              value={"old_password": "x", "new_password": PASSWORD},
              good=lambda row, w: row.request(w, value={
                  "old_password": PASSWORD, "new_password": PASSWORD + "2"},
                  bearer=w.register()),
              bad=({}, drf(old_password=REQUIRED, new_password=REQUIRED)),
              own={"THROTTLED": old_password_guessed})


# Pictures

def picture_sent(row, world, image=None):
    return row.request(world, body=image or pictures.png(),
                       headers={"Content-Type": "image/png"},
                       bearer=world.pat)


def picture_sent_twice(row, world):
    send = functools.partial(row.request, world, body=pictures.png(),
                             headers={"Content-Type": "image/png"})
    send().send(world.port)
    return send()


def has_picture(world):
    person = world.register()
    world.must(200, "PUT", "/api/auth/users/me/avatar/", bearer=person,
               body=pictures.png(), headers={"Content-Type": "image/png"})
    return person


def picture_of(row, world):
    url = world.me(has_picture(world))["avatar"]
    return row.request(world, path=url[len(BASE):])


def avatars():
    yield Row("PUT", "/api/auth/users/me/avatar/", "user",
              plain=picture_sent,
              expect=user_text({"email": "<ANY>", "avatar": "<AVATAR>",
                                "last_login": "<DATE>"}),
              bad=({}, drf(avatar="No file was submitted.")),
              own={"THROTTLED": picture_sent_twice})
    yield Row("DELETE", "/api/auth/users/me/avatar/", "user", status=204,
              good=lambda row, w: row.request(w, bearer=has_picture(w)),
              own={"THROTTLED": changed_twice})
    missing = "/media/avatars/2026/01/02/%s.png" % ("0" * 32)
    yield Row("GET", "/media/avatars/{year}/{month}/{day}/{file}",
              expect=None, good=picture_of,
              plain=lambda row, w: row.request(w, path=missing),
              own={"not_found": lambda row, w: row.request(
                  w, path=missing)})


# Links in mails

def verify_token(world, person=None):
    link = world.verify_link(person or world.register())
    return link.split("token=")[1]


def replaced_verify_token(world):
    """Of a link that a newer mail took the place of."""
    person = world.register()
    token = verify_token(world, person)
    world.must(200, "POST", "/api/auth/verify-email/resend/",
               {"email": person.email})
    world.mailbox.wait(person.email, 2)
    return token


def reset_parts(world, person=None):
    return world.reset_link(person or world.register()).split("/")[-3:-1]


def used_reset_parts(world):
    parts = reset_parts(world)
    world.must(200, "POST", confirm_path(parts), {"password": "9 " + PASSWORD})
    return parts


def confirm_path(parts):
    return "/api/auth/password-reset-confirm/%s/%s/" % tuple(parts)


def verify_request(token, in_query):
    def make(row, world):
        text = token(world) if callable(token) else token
        script = {"Accept": "application/json"}
        if in_query:
            return row.request(world, path=row.path + "?token=" + text,
                               headers=script)
        return row.request(world, value={"token": text})
    return make


def confirm_request(parts):
    def make(row, world):
        found = parts(world) if callable(parts) else parts
        value = None if row.method == "GET" else {"password": PASSWORD + "3"}
        return row.request(world, path=confirm_path(found), value=value)
    return make


def links():
    for method, in_query in (("GET", True), ("POST", False)):
        yield Row(method, "/api/auth/verify-email/",
                  expect='{"detail":"E-mail verified."}',
                  plain=verify_request(JUNK, in_query),
                  good=verify_request(verify_token, in_query),
                  bad=({}, drf(token=REQUIRED)),
                  own={"LINK_INVALID": verify_request(JUNK, in_query),
                       "LINK_EXPIRED": verify_request(
                           lambda w: w.old_verify_token, in_query),
                       "LINK_USED": verify_request(replaced_verify_token,
                                                   in_query),
                       "not_acceptable": lambda row, w: row.request(
                           w, path=row.path + "?token=" + JUNK,
                           headers={"Accept": "application/xml",
                                    "Sec-Fetch-Mode": "cors"})})
    path = "/api/auth/password-reset-confirm/{uid}/{token}/"
    for method in ("GET", "POST", "PATCH"):
        yield Row(method, path,
                  expect='{"detail":"Password changed."}',
                  plain=confirm_request((UID, JUNK)),
                  good=confirm_request(reset_parts),
                  bad=({}, drf(password=REQUIRED)),
                  own={"LINK_INVALID": confirm_request((UID, JUNK)),
                       "LINK_EXPIRED": confirm_request(
                           lambda w: w.old_reset_parts),
                       "LINK_USED": confirm_request(used_reset_parts)})
    for path, detail in (
            ("/api/auth/verify-email/resend/",
             "If the address is waiting for verification, a mail is on its "
             "way."),
            ("/api/auth/password-reset/",
             "If the address is known, a mail is on its way.")):
        yield Row("POST", path, expect='{"detail":"%s"}' % detail,
                  value={"email": "nobody@example.com"},
                  bad=({}, drf(email=REQUIRED)))


# Administration

NEW = {"email": "<ANY>", "email_verified": "<BOOL>"}
NOBODY = "/api/auth/users/4711/"


def as_plain(row, world):
    """By somebody who is not staff."""
    request = row.plain(world)
    request.bearer = world.pat.access
    return request


def about_new(suffix, value=None, status=None):
    """A request about a fresh user."""
    def make(row, world):
        path = "/api/auth/users/%d/" % world.create(password=None).id
        return row.request(world, path=path + suffix, value=value)
    return make


def about_nobody(suffix, value=None):
    return lambda row, w: row.request(w, path=NOBODY + suffix, value=value)


def last_superuser(suffix, value=None):
    """Ada is the only superuser of her world."""
    return lambda row, w: row.request(
        w, path="/api/auth/users/%d/%s" % (w.ada.id, suffix), value=value)


def user_row(method, suffix="", value=None, expect=None, status=200,
             bad=None, is_last=False):
    own = {"not_found": about_nobody(suffix, value),
           "permission_denied": as_plain}
    if is_last:
        own["LAST_SUPERUSER"] = last_superuser(
            suffix, {"is_superuser": False} if method == "PATCH" else None)
    return Row(method, "/api/auth/users/{id}/" + suffix, "staff",
               status=status, bad=bad, own=own,
               expect=user_text(expect or NEW) if status == 200 else "",
               plain=about_nobody(suffix, value),
               good=about_new(suffix, value))


def users():
    yield Row("GET", "/api/auth/users/", "staff",
              expect='{"count":<N>,"next":<ANYTHING>,"previous":null,'
                     '"results":<LIST>}',
              plain=lambda row, w: row.request(w, path=row.path
                                               + "?search="),
              bad=None,
              own={"permission_denied": as_plain,
                   "fields_invalid": lambda row, w: row.request(
                       w, path=row.path + "?search=" + "x" * 300),
                   "PAGE_INVALID": lambda row, w: row.request(
                       w, path=row.path + "?page=4711")})
    yield Row("POST", "/api/auth/users/", "staff", status=201,
              expect=user_text(NEW),
              plain=lambda row, w: row.request(w, value={
                  "email": w.fresh() + "@example.com"}),
              bad=({}, drf(email=REQUIRED)),
              own={"permission_denied": as_plain})
    yield user_row("GET")
    yield user_row("PATCH", value={"first_name": "Eve"}, is_last=True,
                   expect=dict(NEW, first_name="Eve", full_name="Eve"),
                   bad=ME_BAD)
    yield user_row("DELETE", status=204, is_last=True)
    yield user_row("POST", "activate/")
    yield user_row("POST", "deactivate/", is_last=True,
                   expect=dict(NEW, is_active=False))
    yield user_row("PUT", "roles/", {"roles": []},
                   bad=({}, drf(roles=REQUIRED)))


def role_path(name):
    return "/api/auth/roles/%s/" % name


def role_row(method, value=None, status=200, expect="", bad=None):
    nobody = role_path("nobody")
    return Row(method, "/api/auth/roles/{name}/", "staff", status=status,
               expect=expect, bad=bad,
               plain=lambda row, w: row.request(w, path=nobody, value=value),
               good=lambda row, w: row.request(
                   w, path=role_path(w.role("book:read")), value=value),
               own={"permission_denied": as_plain,
                    "not_found": lambda row, w: row.request(
                        w, path=nobody, value=value)})


ROLE = '{"name":"<ANY>","description":"%s","permissions":["book:read"]}'


def roles():
    yield Row("GET", "/api/auth/roles/", "staff", expect="<LIST>",
              own={"permission_denied": as_plain})
    yield Row("POST", "/api/auth/roles/", "staff", status=201,
              expect=ROLE % "Reads.",
              plain=lambda row, w: row.request(w, value={
                  "name": w.fresh("role"), "description": "Reads.",
                  "permissions": ["book:read"]}),
              bad=({}, drf(name=REQUIRED)),
              own={"permission_denied": as_plain})
    yield role_row("GET", expect=ROLE % "")
    yield role_row("PATCH", {"description": "New."}, expect=ROLE % "New.",
                   bad=({"description": "x" * 301}, drf(
                       description="Ensure this field has no more than 300 "
                                   "characters.")))
    yield role_row("DELETE", status=204)


# Sessions

def own_session(row, world):
    person = world.register()
    sessions = world.must(200, "GET", "/api/auth/sessions/",
                          bearer=person).json()
    return row.request(world, bearer=person,
                       path="/api/auth/sessions/%s/" % sessions[0]["id"])


def superusers_session(row, world):
    """Staff may end the sessions of others, but not a superuser's."""
    session = world.must(200, "GET", "/api/auth/sessions/",
                         bearer=world.ada).json()[0]["id"]
    return row.request(world, bearer=world.stan,
                       path="/api/auth/sessions/%s/" % session)


def sessions():
    yield Row("GET", "/api/auth/sessions/", "user", expect="<LIST>")
    missing = "/api/auth/sessions/%s/" % ("0" * 32)
    yield Row("DELETE", "/api/auth/sessions/{id}/", "user", status=204,
              plain=lambda row, w: row.request(w, path=missing),
              good=own_session,
              own={"not_found": lambda row, w: row.request(w, path=missing),
                   "permission_denied": superusers_session})
    yield Row("POST", "/api/auth/sessions/revoke-others/", "user",
              expect='{"ended":<N>}',
              good=lambda row, w: row.request(w, bearer=w.register()))


def machines():
    yield Row("GET", "/", expect="<OBJECT>")
    yield Row("GET", "/openapi.json", expect=None)
    yield Row("GET", "/docs/", expect=None)
    yield Row("GET", "/docs/{file}", expect=None,
              plain=lambda row, w: row.request(w, path="/docs/none.js"),
              good=lambda row, w: row.request(w, path="/docs/start.js"),
              own={"not_found": lambda row, w: row.request(
                  w, path="/docs/package.json")})
    yield Row("GET", "/.well-known/jwks.json", expect='{"keys":[]}')
    yield Row("GET", "/healthz", expect="<OBJECT>")
    yield Row("GET", "/readyz", expect="<OBJECT>")


HOLES["<ANYTHING>"] = r".*"

ROWS = {row.key: row for make in (
    logins, tokens, id_tokens, registrations, accounts, avatars, links,
    users, roles, sessions, machines) for row in make()}
