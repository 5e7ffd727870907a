"""JSON Web Tokens from the outside: read, bent and forged."""

import base64
import hashlib
import hmac
import json


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header(token):
    return json.loads(from_b64url(token.split(".")[0]))


def claims(token):
    return json.loads(from_b64url(token.split(".")[1]))


def is_token(value):
    """Whether a value looks like a signed token."""
    return (isinstance(value, str) and value.count(".") == 2
            and all(value.split(".")))


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def hs256(head, body, secret):
    """Signs a token as RFC 7515 says, whatever its header claims."""
    signed = b64url(compact(head)) + "." + b64url(compact(body))
    digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return signed + "." + b64url(digest)


def unsigned(head, body):
    return "%s.%s." % (b64url(compact(head)), b64url(compact(body)))


def with_claims(token, **changed):
    """The token with other claims under its old signature."""
    head, _, signature = token.split(".")
    body = dict(claims(token), **changed)
    return "%s.%s.%s" % (head, b64url(compact(body)), signature)


def with_broken_signature(token):
    """The token with one bit of its signature changed."""
    signed, signature = token.rsplit(".", 1)
    raw = bytearray(from_b64url(signature))
    raw[len(raw) // 2] ^= 1
    return signed + "." + b64url(bytes(raw))


def es256_is_good(token, jwk, verify):
    """Checks an ES256 signature; verify(x, y, r, s, digest) does the sum."""
    signed, signature = token.rsplit(".", 1)
    raw = from_b64url(signature)
    digest = hashlib.sha256(signed.encode()).digest()
    numbers = [int.from_bytes(b, "big") for b in (
        from_b64url(jwk["x"]), from_b64url(jwk["y"]), raw[:32], raw[32:],
        digest)]
    return len(raw) == 64 and verify(*numbers)
