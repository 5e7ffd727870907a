"""Writes the generated parts of docs/rest.md: its routes, objects and errors,
as the profiles have them.

    python3 -m tests.contract.rest_page GATEWAY

puts them into docs/rest.md; GATEWAY is the path of latchkey-gateway. What
stands outside the markers is written by hand and left alone.
"""

import glob
import json
import re
import sys

from tests.support import process

PAGE = "docs/rest.md"
MARKED = r"(<!-- begin %s -->\n).*?(<!-- end %s -->)"

# Headings, in this order; a route belongs to the first that fits its path.
GROUPS = (
    ("Logging in and out",
     r"login/$|^/api/token/$|logout/|blacklist/|^/auth/google/"),
    ("Tokens", r"refresh|token/verify/"),
    ("Making an account", r"register/|sign-up/|verify-email/"),
    ("Passwords", r"password"),
    ("One's own account", r"users/me/|profile/|avatars/|sessions/"),
    ("Users and roles", r"/users/|/roles/"),
    ("For machines", r"."),
)

# What follows from a route's shape rather than from what it is for.
SHAPE = {"not_acceptable", "body_too_large", "media_type_unsupported",
         "json_malformed", "form_malformed", "body_not_object", "body_null",
         "credentials_missing", "credentials_malformed", "unavailable",
         "internal"}


def read_profiles():
    """{name: profile} of all that ship."""
    profiles = {}
    for path in sorted(glob.glob("gateway/profiles/*.json")):
        with open(path, encoding="utf-8") as file:
            profile = json.load(file)
        profiles[profile["profile"]] = profile
    return profiles


def plain(template):
    """A template as people read it: names of objects, not their insides."""
    if isinstance(template, list):
        return [plain(item) for item in template]
    if not isinstance(template, dict):
        return template
    if "$object" in template:
        return "{%s}" % template["$object"]
    if "$each" in template:
        return [plain(template["item"])]
    return {name: plain(value) for name, value in template.items()
            if not name.startswith("$")}


def text(template):
    """The same as one line; what is filled in stands in < and >."""
    line = json.dumps(plain(template), ensure_ascii=False)
    line = re.sub(r'"\{([\w.]+)\|omit\}"', r"<\1, if there is one>", line)
    line = re.sub(r'"\{@?([\w.]+)(\|\w+)?\}"', r"<\1>", line)
    return re.sub(r"\{(\w+)\}", r"<\1>", line)


def rule_of(profiles, name, condition):
    """How a profile answers a condition."""
    while name:
        profile = profiles[name]
        if condition in profile.get("errors", {}):
            return profile["errors"][condition]
        name = profile.get("extends", "drf" if name != "drf" else None)
    raise KeyError(condition)


def field_line(row):
    """One line about a row of a route's request."""
    names = ["`%s`" % source.split(".", 1)[-1] for source in row["from"]
             if source.startswith(("body.", "query."))
             and not source.endswith(".*")]
    if "body.*" in row["from"]:
        return ("| the names of attributes | no | values of configured "
                "attributes that the caller may write |")
    if "raw" in row["from"]:
        names.insert(0, "the body itself")
    if not names:
        return None
    where = " in the query" if row["from"][0].startswith("query.") else ""
    told = []
    if "max_length" in row:
        told.append("up to %d characters" % row["max_length"])
    if "max_bytes" in row:
        told.append("up to %d bytes" % row["max_bytes"])
    if "min" in row:
        told.append("at least %d" % row["min"])
    if "cap" in row:
        told.append("at most %d" % row["cap"])
    if row.get("allow_null") or row.get("null_as_blank"):
        told.append("may be null")
    if row.get("allow_blank"):
        told.append("may be empty")
    return "| %s%s | %s | %s |" % (
        " or ".join(names), where,
        "no" if row.get("required") is False else "yes", ", ".join(told))


def success_lines(route):
    """What a success looks like."""
    status = route.get("status", 200)
    if "raw" in route:
        yield "Answers %d with the bytes: %s." % (
            status, ", ".join("`%s`" % kind
                              for kind in route["raw"]["types"]))
    elif "page" in route:
        yield "Answers %d with a page." % status
    elif "document" in route:
        yield "Answers %d with the document." % status
    elif "body" in route:
        yield "Answers %d:" % status
        yield ""
        yield "    " + text(route["body"])
    else:
        yield "Answers %d without a body." % status
    for variant in route.get("variants", []):
        state = variant["in"][0].rsplit("_", 1)[-1].lower()
        yield ""
        yield "or, with `%s` %s, %d:" % (
            variant["field"], state, variant.get("status", status))
        yield ""
        yield "    " + text(variant["body"])
    if "browser" in route and "confirm" not in route:
        yield ""
        yield ("To a browser %d with a page."
               % route["browser"].get("status", 200))
    if "confirm" in route:
        yield ""
        yield ("To a browser %d with a page that asks first."
               % route["confirm"]["status"])


def error_lines(profiles, profile, route, may):
    """What it may meet; bodies only where they are not those of all."""
    name = route.get("errors_from", profile)
    rules = {condition: rule_of(profiles, name, condition)
             for condition in may if condition not in SHAPE
             and not condition.startswith("caller.")}
    if rules:
        yield ""
        yield "May meet %s." % ", ".join(
            "`%s` (%d)" % (condition, rule["status"])
            for condition, rule in rules.items())
    other = {condition: rule for condition, rule in rules.items()
             if rule != rule_of(profiles, "drf", condition)}
    for condition, rule in other.items():
        yield ""
        yield "`%s` is %s" % (condition, "a page." if "page" in rule
                              else "`%s`." % text(rule["body"]))


NEEDS = {"none": "", "bearer": " Needs a user.",
         "staff": " Needs a staff user.", "superuser": " Needs a superuser."}


def describe(profiles, profile, route, may):
    """A route without its methods and paths, as lines."""
    yield route["summary"] + NEEDS[route["auth"]]
    lines = [line for line in (
        field_line(row) for row in route.get("request", [])
        if "from" in row) if line]
    if lines:
        yield ""
        yield "| member | required | |"
        yield "|---|---|---|"
        yield from lines
    yield ""
    yield from success_lines(route)
    yield from error_lines(profiles, profile, route, may)


def group_of(path):
    return next(name for name, pattern in GROUPS if re.search(pattern, path))


def routes_part(profiles, declared):
    """All routes; those that differ in their paths alone are one."""
    may = {(r["method"], r["path"]): r["may"] for r in declared}
    groups = {name: {} for name, _ in GROUPS}
    for name, profile in profiles.items():
        for route in profile.get("routes", []):
            key = (route["method"], route["path"])
            lines = tuple(describe(profiles, name, route, may[key]))
            group = groups[group_of(route["path"])]
            found = group.setdefault((route["method"], lines), {})
            found.setdefault(route["path"], []).append(name)
    out = []
    for name, routes in groups.items():
        out += ["### " + name, ""]
        for (method, lines), paths in routes.items():
            out += ["#### %s %s" % (method, ", ".join(
                "`%s`" % path for path in paths)), ""]
            out += lines
            served = sorted({p for names in paths.values() for p in names})
            out += ["", "Profile%s: %s." % (
                "s" if len(served) > 1 else "",
                ", ".join("`%s`" % one for one in served)), ""]
    return "\n".join(out)


def objects_part(profiles):
    out = []
    for name, template in profiles["drf"]["objects"].items():
        out += ["`<%s>`:" % name, "", "    " + text(template), ""]
    return "\n".join(out)


def errors_part(profiles):
    out = ["| condition | status | body |", "|---|---|---|"]
    for name, rule in profiles["drf"]["errors"].items():
        out.append("| `%s` | %d | `%s` |" % (name, rule["status"],
                                             text(rule["body"])))
    return "\n".join(out) + "\n"


def fill(page, gateway):
    """The page with its generated parts made anew."""
    status, out, err = process.run([gateway, "routes"])
    if status != 0:
        raise process.ProcessFailed(err)
    profiles = read_profiles()
    for name, part in (("routes", routes_part(profiles, json.loads(out))),
                       ("objects", objects_part(profiles)),
                       ("errors", errors_part(profiles))):
        page, count = re.subn(MARKED % (name, name),
                              lambda m, p=part: m.group(1) + p + m.group(2),
                              page, flags=re.S)
        if count != 1:
            raise ValueError("the page has no part " + name)
    return page


def read_page():
    with open(PAGE, encoding="utf-8") as file:
        return file.read()


def main(argv):
    page = fill(read_page(), argv[1])
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main(sys.argv)
