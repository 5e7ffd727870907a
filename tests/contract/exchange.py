"""One exchange of the contract's matrix: a route, what it meets, the request
that brings this about, and whether the answer is the documented one.

The gateway says which routes it has and what each may meet; that a condition
was really met is read from the access log.
"""

from dataclasses import dataclass

from tests.contract import conditions, declared, route_rows
from tests.contract.case import check_body, check_headers
from tests.contract.worlds import FAKED
from tests.support import process

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORM = "application/x-www-form-urlencoded"

WORLD_OF = {"REGISTRATION_CLOSED": "closed", "THROTTLED": "strict",
            "EMAIL_NOT_VERIFIED": "verify", "LINK_EXPIRED": "aged",
            "TOKEN_EXPIRED": "aged"}


@dataclass(frozen=True)
class Exchange:
    """condition: None is success. status: what the gateway declares."""

    row: route_rows.Row
    condition: str
    variant: str
    status: int

    @property
    def name(self):
        what = "succeeds"
        if self.condition:
            what = "meets " + self.condition
        told = "" if self.variant == "script" else " in a browser"
        return "%s %s%s" % (self.row.key, what, told)

    @property
    def is_page(self):
        """Whether the answer is HTML."""
        # A body too large is refused before anybody reads who sends it.
        if self.condition in ("not_acceptable", "body_too_large"):
            return False
        return self.variant != "script" or self.row.key == (
            "GET /api/auth/password-reset-confirm/{uid}/{token}/")

    def prepare(self, worlds):
        """Brings about what has to be; (deployment, request to send)."""
        deployment, request = self._request(worlds)
        if self.variant != "script":
            make_a_browsers(request)
        return deployment, request

    def _request(self, worlds):
        if self.condition is None:
            world = worlds.open
            return world.deployment, self.row.good(world)
        if self.condition == "unavailable":
            return worlds.away, self.row.plain(worlds.open)
        make = conditions.provoker(self.row, self.condition)
        if make is None:
            if self.condition not in FAKED:
                raise AssertionError("nothing provokes " + self.condition)
            return worlds.ill(self.condition), self.row.plain(worlds.open)
        world = self._world(worlds)
        return world.deployment, make(self.row, world)

    def _world(self, worlds):
        """Where the condition can be met."""
        name = WORLD_OF.get(self.condition, "open")
        path = self.row.path
        if path == "/auth/google/" and self.condition == "not_found":
            name = "alone"
        if name == "aged" and "verify/" in path and "token" in path:
            name = "open"  # its tokens are forged
        return getattr(worlds, name)

    def check(self, test, deployment, answer):
        """Fails unless the answer is the one to be expected."""
        line = logged(deployment, answer)
        test.assertEqual(self.condition, line.get("condition"),
                         (answer, line))
        test.assertEqual(self.row.path, line["route"])
        if self.is_page:
            test.assertEqual(self.status, answer.status, answer)
            check_page(test, answer)
            return
        status, body = self._expected()
        test.assertEqual(self.status, status)
        test.assertEqual(status, answer.status, answer)
        if body is None:
            return  # neither JSON nor a page
        check_headers(test, answer)
        check_body(test, body, answer)
        if self.condition == "THROTTLED":
            test.assertIn(answer.header("Retry-After"), answer.text())
        if "<JWT>" in body:
            test.assertEqual("no-store", answer.header("Cache-Control"))

    def _expected(self):
        if self.condition is None:
            return self.row.status, self.row.expect
        return conditions.expected(self.row, self.condition)


def make_a_browsers(request):
    """Lets a request look as if a page's form had sent it."""
    request.headers["Accept"] = HTML["Accept"]
    if request.json is not None:
        request.body = "&".join("%s=%s" % pair for pair in
                                request.json.items()).replace(" ", "+").encode()
        request.json = None
        request.headers["Content-Type"] = FORM


def exchanges_of(route):
    """Every Exchange of a declared route; None if no row tells of it."""
    row = route_rows.ROWS.get(declared.key(route))
    if row is None:
        return None
    found = []
    for variant, may in declared.variants(route):
        if variant == "browser" and "confirm" in route:
            continue  # only with pages.verify_on_get = always
        status = (route if variant == "script" else route[variant])["status"]
        found.append(Exchange(row, None, variant, status))
        found += [Exchange(row, condition, variant, status)
                  for condition, status in may.items()]
    return found


def logged(deployment, answer):
    """The access log's line of an answer."""
    ident = answer.header("X-Request-Id")
    found = []

    def there(program):
        found[:] = [line for line in program.lines
                    if line and ident in line and "event=request " in line]
        return found
    deployment.gateway.wait_for(there, "request " + ident)
    return process.log_fields(found[0])


def check_page(test, answer):
    """HTML of its own, that loads nothing and is kept by nobody."""
    test.assertTrue((answer.header("Content-Type") or "")
                    .startswith("text/html"), answer)
    policy = answer.header("Content-Security-Policy") or ""
    for part in ("default-src 'none'", "frame-ancestors 'none'",
                 "base-uri 'none'"):
        test.assertIn(part, policy)
    test.assertEqual("no-store", answer.header("Cache-Control"))
    test.assertEqual("no-referrer", answer.header("Referrer-Policy"))
    test.assertEqual("nosniff", answer.header("X-Content-Type-Options"))
    test.assertNotIn("<script", answer.text())
