"""The routes and what each may meet, as the gateway itself declares them."""

import functools
import json

from tests.support import process, programs

# What belongs to no route: refused before one is chosen.
BEFORE_ROUTES = {"framing", "request_timeout", "body_too_large",
                 "uri_too_long", "head_too_large", "method_not_allowed",
                 "credentials_missing", "credentials_malformed"}


@functools.lru_cache(maxsize=None)
def routes():
    """A list of dictionaries; see `latchkey-gateway routes --help`."""
    status, out, err = process.run([programs.gateway(), "routes"])
    if status != 0:
        raise process.ProcessFailed(err)
    return json.loads(out)


def key(route):
    return "%s %s" % (route["method"], route["path"])


def variants(route):
    """Yields (name, {condition: status}) of a route's ways to answer."""
    yield "script", route["may"]
    for name in ("browser", "confirm"):
        if name in route:
            yield name, route[name]["may"]


def check_log(log):
    """Fails if an access log has a condition that its route never declared."""
    declared = {key(route): set().union(*(may for _, may in variants(route)))
                for route in routes()}
    for line in log.splitlines():
        if "event=request " not in line or " condition=" not in line:
            continue
        fields = process.log_fields(line)
        method = fields["method"].replace("HEAD", "GET")
        known = declared.get("%s %s" % (method, fields.get("route")))
        if known is not None and fields["condition"] not in (
                known | BEFORE_ROUTES):
            raise AssertionError("not declared: " + line)
