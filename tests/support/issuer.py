"""An OpenID issuer of a test's own: RSA keys, ID tokens, and an HTTPS server
that publishes the keys and counts who asks."""

import hashlib
import http.server
import json
import secrets
import ssl
import threading
import time

from tests.support import certificates, jwt

GOOGLE = "https://accounts.google.com"
EXPONENT = 65537
# EMSA-PKCS1-v1_5 of SHA-256 (RFC 8017, section 9.2).
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def is_prime(number):
    """Miller and Rabin's test; who draws at random need not fear liars."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(16):
        value = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


def prime(bits):
    while True:
        number = secrets.randbits(bits) | 3 << (bits - 2) | 1
        if (all(number % small for small in (3, 5, 7, 11, 13, 17, 19))
                and number % EXPONENT != 1 and is_prime(number)):
            return number


def to_bytes(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


class Key:
    """An RSA key that signs with RS256."""

    def __init__(self, kid, bits=2048):
        p, q = prime(bits // 2), prime(bits // 2)
        self.kid = kid
        self.n = p * q
        self.d = pow(EXPONENT, -1, (p - 1) * (q - 1))
        self.size = bits // 8

    def jwk(self):
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
                "n": jwt.b64url(to_bytes(self.n)),
                "e": jwt.b64url(to_bytes(EXPONENT))}

    def sign(self, data):
        info = DIGEST_INFO + hashlib.sha256(data).digest()
        pad = b"\xff" * (self.size - len(info) - 3)
        block = b"\0\1" + pad + b"\0" + info
        number = pow(int.from_bytes(block, "big"), self.d, self.n)
        return number.to_bytes(self.size, "big")

    def token(self, claims, head=None):
        """Signs claims; the header is a good one unless it is given."""
        if head is None:
            head = {"alg": "RS256", "typ": "JWT", "kid": self.kid}
        signed = (jwt.b64url(jwt.compact(head)) + "."
                  + jwt.b64url(jwt.compact(claims)))
        return signed + "." + jwt.b64url(self.sign(signed.encode()))


class Issuer:
    """Publishes `keys` at https://localhost:port/; `fetched` counts."""

    def __init__(self, folder):
        authority = certificates.Authority(folder, "issuer-ca")
        self.ca = authority.cert
        self.key = Key("key-1")
        self.keys = [self.key]
        self.cache_control = "public, max-age=3600"
        self.fetched = 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.fetched += 1
                body = json.dumps(
                    {"keys": [key.jwk() for key in issuer.keys]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", issuer.cache_control)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue("localhost", use="server"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.socket = context.wrap_socket(self.server.socket,
                                                 server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "https://localhost:%d/" % self.port

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @staticmethod
    def claims(address, **more):
        """Claims as Google makes them; None leaves one out."""
        now = int(time.time())
        claims = {"iss": GOOGLE, "aud": "web", "azp": "web",
                  "sub": "sub of " + address, "email": address,
                  "email_verified": True, "iat": now, "exp": now + 3600,
                  "given_name": "Grace", "family_name": "Hopper"}
        claims.update(more)
        return {name: value for name, value in claims.items()
                if value is not None}

    def token(self, address, **more):
        return self.key.token(self.claims(address, **more))
