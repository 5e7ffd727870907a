"""The message tables of docs/wire-protocol.md, for tests/wire/protobuf.py."""

CALLER = {1: ("access_token", "text"), 2: ("client_address", "text"),
          3: ("user_agent", "text"), 4: ("traceparent", "text")}
CALL = {1: ("method", "text"), 2: ("payload", "bytes"),
        3: ("request_id", "bytes"), 4: ("timeout_ms", "uint"),
        5: ("caller", CALLER)}
VIOLATION = {1: ("field", "text"), 2: ("code", "text"),
             3: ("message", "text")}
STATUS = {1: ("code", "uint"), 2: ("reason", "uint"), 3: ("subject", "uint"),
          4: ("message", "text"), 5: ("violations[]", VIOLATION),
          6: ("retry_after_ms", "uint")}
REPLY = {1: ("request_id", "bytes"), 2: ("status", STATUS),
         3: ("payload", "bytes")}

ATTRIBUTE = {1: ("name", "text"), 2: ("text", "text"),
             3: ("integer", "uint"), 4: ("flag", "uint")}
USER = {1: ("id", "uint"), 2: ("email", "text"), 3: ("first_name", "text"),
        4: ("last_name", "text"), 5: ("full_name", "text"),
        6: ("avatar", "text"), 7: ("is_staff", "uint"),
        8: ("is_superuser", "uint"), 9: ("roles[]", "text"),
        10: ("username", "text"), 11: ("is_active", "uint"),
        12: ("email_verified", "uint"), 13: ("joined_at_us", "uint"),
        14: ("last_login_at_us", "uint"), 15: ("attributes[]", ATTRIBUTE),
        16: ("name", "text")}
KEY = {1: ("kty", "text"), 2: ("use", "text"), 3: ("kid", "text"),
       4: ("alg", "text"), 5: ("crv", "text"), 6: ("x", "text"),
       7: ("y", "text"), 8: ("n", "text"), 9: ("e", "text")}

# method: (request, response)
METHODS = {
    "latchkey.v1.AuthService/Authenticate": (
        {1: ("identifier", "text"), 2: ("password", "text")},
        {1: ("access_token", "text"), 2: ("refresh_token", "text"),
         3: ("access_expires_at", "uint"), 4: ("refresh_expires_at", "uint"),
         5: ("user", USER)}),
    "latchkey.v1.AuthService/Refresh": (
        {1: ("refresh_token", "text")},
        {1: ("access_token", "text"), 2: ("access_expires_at", "uint"),
         3: ("refresh_token", "text"), 4: ("refresh_expires_at", "uint")}),
    "latchkey.v1.AuthService/VerifyToken": (
        {1: ("token", "text"), 2: ("accepted_types[]", "uint")},
        {1: ("type", "uint"), 2: ("user_id", "uint"),
         3: ("session_id", "text"), 4: ("expires_at", "uint"),
         5: ("roles[]", "text"), 6: ("is_staff", "uint"),
         7: ("is_superuser", "uint")}),
    "latchkey.v1.AuthService/Logout": (
        {1: ("refresh_token", "text"), 2: ("strict", "uint")},
        {1: ("had_ended", "uint")}),
    "latchkey.v1.AccountService/GetMe": ({}, {1: ("user", USER)}),
    "latchkey.v1.KeyService/GetJwks": (
        {}, {1: ("keys[]", KEY), 2: ("max_age_s", "uint")}),
    "latchkey.v1.HealthService/Check": (
        {}, {1: ("status", "uint"), 2: ("version", "text"),
             3: ("uptime_s", "uint")}),
}

OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED = 0, 3, 4
NOT_FOUND, ALREADY_EXISTS = 5, 6
PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION = 7, 8, 9
UNIMPLEMENTED, INTERNAL, UNAVAILABLE = 12, 13, 14
DATA_LOSS, UNAUTHENTICATED = 15, 16

ENVELOPE_MALFORMED, METHOD_UNKNOWN, MESSAGE_TOO_LARGE = 1, 2, 3
PAYLOAD_MALFORMED, FIELD_INVALID, DEADLINE_PASSED, QUEUE_FULL = 4, 5, 6, 7
STORE_FULL, CREDENTIALS_INVALID = 20, 40
TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED = 60, 61, 62
TOKEN_WRONG_TYPE, TOKEN_REVOKED = 63, 68
RANK_TOO_LOW, LAST_SUPERUSER, REQUEST_ID_REUSED = 83, 84, 101
LINK_USED, THROTTLED = 112, 120

SUBJECT_REQUEST, SUBJECT_CALLER = 1, 2
