"""The conditions that a route may meet: how each is answered, and how it is
provoked where that is alike for all routes."""

from tests.contract import route_rows

JSON = "application/json"


def token(text):
    return '{"detail":"%s","code":"token_not_valid"}' % text


def bearer(text):
    return ('{"detail":"Given token not valid for any token type",'
            '"code":"token_not_valid","messages":[{"token_class":'
            '"AccessToken","token_type":"access","message":"%s"}]}' % text)


def detail(text, code=None):
    more = ',"code":"%s"' % code if code else ""
    return '{"detail":"%s"%s}' % (text, more)


def dead_link(code):
    return detail("This link is not valid any more.", code)


GONE = detail("No active account found for the given token.")
TEXTS = {
    "TOKEN_INVALID": "Token is invalid",
    "TOKEN_EXPIRED": "Token is expired",
    "TOKEN_WRONG_TYPE": "Token has wrong type",
    "TOKEN_NO_TYPE": "Token has no type",
    "TOKEN_NO_ID": "Token has no id",
    "TOKEN_NO_EXPIRY": "Token has no 'exp' claim",
    "TOKEN_REVOKED": "Token is blacklisted",
}
# condition: (status, body)
ERRORS = {
    "not_found": (404, detail("Not found.")),
    "not_acceptable": (406, detail(
        "Could not satisfy the request Accept header.")),
    "media_type_unsupported": (415, detail(
        'Unsupported media type \\"text/plain\\" in request.')),
    "body_too_large": (413, detail("Request body too large.")),
    "json_malformed": (400, detail("JSON parse error - <ANY>")),
    "form_malformed": (400, detail("Form parse error - <ANY>")),
    "body_not_object": (400, '{"non_field_errors":["Invalid data. Expected a '
                             'dictionary, but got list."]}'),
    "body_null": (400, '{"non_field_errors":["No data provided"]}'),
    "credentials_missing": (401, detail(
        "Authentication credentials were not provided.")),
    "credentials_malformed": (401, detail(
        "Authorization header must contain two space-delimited values",
        "bad_authorization_header")),
    "permission_denied": (403, detail(
        "You do not have permission to perform this action.")),
    "invalid": (400, detail("Invalid request.")),
    "unavailable": (503, detail("Service unavailable.")),
    "internal": (500, detail("A server error occurred.")),
    "CREDENTIALS_INVALID": (401, detail(
        "No active account found with the given credentials")),
    "ID_TOKEN_INVALID": (401, detail("Google token is invalid.",
                                     "google_token_invalid")),
    "ID_TOKEN_NOT_LINKED": (403, detail(
        "There is an account with this e-mail address. Log in with its "
        "password.", "account_not_linked")),
    "EMAIL_NOT_VERIFIED": (401, detail("E-mail is not verified.",
                                       "email_not_verified")),
    "REGISTRATION_CLOSED": (403, detail("Registration is closed.")),
    "LINK_INVALID": (400, dead_link("link_invalid")),
    "LINK_EXPIRED": (400, dead_link("link_expired")),
    "LINK_USED": (400, dead_link("link_used")),
    "LAST_SUPERUSER": (403, detail("<ANY>")),
    "PAGE_INVALID": (404, detail("Invalid page.")),
    "THROTTLED": (429, detail("Request was throttled. Expected available in "
                              "<N> seconds.")),
    "TOKEN_NO_USER_ID": (401, token("Token is invalid")),
    "USER_GONE": (401, GONE),
    "USER_INACTIVE": (401, GONE),
    "caller.TOKEN_NO_USER_ID": (401, detail(
        "Token contained no recognizable user identification",
        "token_not_valid")),
    "caller.USER_GONE": (401, detail("User not found", "user_not_found")),
    "caller.USER_INACTIVE": (401, detail("User is inactive",
                                         "user_inactive")),
}
ERRORS.update((name, (401, token(text))) for name, text in TEXTS.items())
ERRORS.update(("caller." + name, (401, bearer(text)))
              for name, text in TEXTS.items())

# Document 002's own shape.
CAR_ERRORS = {
    "body_not_object": (400, '{"status":false,"message":{"non_field_errors":'
                             '["Invalid data. Expected a dictionary, but got '
                             'list."]}}'),
    "body_null": (400, '{"status":false,"message":{"non_field_errors":["No '
                       'data provided"]}}'),
    "CREDENTIALS_INVALID": (401, '{"status":false,"message":"Invalid '
                                 'credential."}'),
    "EMAIL_NOT_VERIFIED": (401, '{"status":false,"message":"E-mail is not '
                                'verified."}'),
    "REGISTRATION_CLOSED": (403, '{"status":false,"message":"Registration '
                                 'is closed."}'),
}


def with_body(body, kind=JSON):
    def make(row, world):
        request = row.plain(world)
        request.json, request.body = None, body
        request.headers = {"Content-Type": kind}
        return request
    return make


def with_header(name, value):
    def make(row, world):
        request = row.plain(world)
        request.headers[name] = value
        return request
    return make


def form_malformed(row, world):
    """A form, or for routes that read no body a query, cut in an escape."""
    if row.method == "GET":
        request = row.plain(world)
        request.path = request.path.split("?")[0] + "?x=%f"
        return request
    return with_body(b"x", "multipart/form-data")(row, world)


def bad_fields(row, world):
    value, _ = row.bad
    request = row.plain(world)
    request.json, request.body = value, None
    request.headers.pop("Content-Type", None)
    if request.method == "GET":
        request.json = None
        request.path = row.path
    return request


def without_bearer(row, world):
    request = row.plain(world)
    request.bearer = None
    return request


GENERIC = {
    "not_acceptable": with_header("Accept", "application/xml"),
    "media_type_unsupported": with_body(b"x", "text/plain"),
    "body_too_large": with_body(b" " * 300000),
    "json_malformed": with_body(b"{"),
    "form_malformed": form_malformed,
    "body_not_object": with_body(b"[1]"),
    "body_null": with_body(b"null"),
    "credentials_missing": without_bearer,
    "credentials_malformed": with_header("Authorization", "Bearer"),
}


def with_token(make):
    def provoke(row, world):
        request = row.plain(world)
        request.bearer = make(world)
        return request
    return provoke


GENERIC.update(("caller." + name, with_token(make))
               for name, make in route_rows.bearer_failures().items())


def provoker(row, condition):
    """Returns row, world -> Request, or None if nobody knows how."""
    if condition in row.own:
        return row.own[condition]
    if condition == "fields_invalid" and row.bad:
        return bad_fields
    return GENERIC.get(condition)


def expected(row, condition):
    """The status and body of a condition."""
    if condition == "fields_invalid":
        return 400, row.bad[1] if row.bad else "<OBJECT>"
    if row.is_car and condition in CAR_ERRORS:
        return CAR_ERRORS[condition]
    return ERRORS[condition]
