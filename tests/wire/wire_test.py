"""A client written from docs/wire-protocol.md works against the real server,
and what breaks the page's rules is answered or dropped, never fatal."""

import os
import struct
import unittest

from tests.support.deployment import EMAIL, PASSWORD, Deployment
from tests.wire import messages as m
from tests.wire import protobuf, wire_client
from tests.wire.wire_client import Closed, Refused

AUTHENTICATE = "AuthService/Authenticate"
LISTENERS = ("front", "service", "local")
ID = b"\x80\0\0\1"


class WireCase(unittest.TestCase):
    """A running server and ways to reach it."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.create().start_server()

    def wire(self, listener="local"):
        client = self.deployment.wire(listener)
        self.addCleanup(client.close)
        return client

    def stream(self, listener):
        """A connection that has not greeted yet."""
        if listener == "local":
            stream = wire_client.connect_ipc(self.deployment.ipc_path)
        else:
            port = (self.deployment.front_port if listener == "front"
                    else self.deployment.service_port)
            stream = wire_client.connect_tls(
                port, self.deployment.tls_context(listener))
        self.addCleanup(stream.close)
        return stream

    def login(self, client):
        return client.call(AUTHENTICATE, identifier=EMAIL, password=PASSWORD)

    def assert_works(self):
        """A fresh client on every listener gets an answer."""
        for listener in LISTENERS:
            answer = self.wire(listener).call("HealthService/Check")
            self.assertEqual(1, answer["status"])


class WireTest(WireCase):
    def assert_refused(self, code, reason, subject, call, *args, **kwargs):
        with self.assertRaises(Refused) as caught:
            call(*args, **kwargs)
        error = caught.exception
        self.assertEqual((code, reason, subject),
                         (error.code, error.reason, error.subject))
        return error

    def use_every_method(self, listener):
        client = self.wire(listener)
        pair = self.login(client)
        self.assertEqual(EMAIL, pair["user"]["email"])
        me = client.call("AccountService/GetMe",
                         access_token=pair["access_token"])
        self.assertEqual("Ada Lovelace", me["user"]["full_name"])
        found = client.call("AuthService/VerifyToken",
                            token=pair["access_token"])
        self.assertEqual((1, pair["user"]["id"]),
                         (found["type"], found["user_id"]))
        fresh = client.call("AuthService/Refresh",
                            refresh_token=pair["refresh_token"])
        self.assertNotIn("refresh_token", fresh)
        ended = client.call("AuthService/Logout",
                            refresh_token=pair["refresh_token"])
        self.assertNotIn("had_ended", ended)
        self.assert_refused(m.UNAUTHENTICATED, m.TOKEN_REVOKED,
                            m.SUBJECT_REQUEST, client.call,
                            "AuthService/VerifyToken",
                            token=fresh["access_token"])

    def test_a_gateway_logs_in_and_out_over_tls(self):
        self.use_every_method("front")

    def test_a_service_logs_in_and_out_over_tls(self):
        self.use_every_method("service")

    def test_a_neighbour_logs_in_and_out_over_ipc(self):
        self.use_every_method("local")

    def test_a_wrong_password_and_an_unknown_user_are_one_refusal(self):
        client = self.wire()
        wrong = self.assert_refused(
            m.UNAUTHENTICATED, m.CREDENTIALS_INVALID, m.SUBJECT_REQUEST,
            client.call, AUTHENTICATE, identifier=EMAIL, password="x")
        unknown = self.assert_refused(
            m.UNAUTHENTICATED, m.CREDENTIALS_INVALID, m.SUBJECT_REQUEST,
            client.call, AUTHENTICATE, identifier="nobody", password="x")
        self.assertEqual(str(wrong), str(unknown))

    def test_a_call_without_a_token_is_refused(self):
        self.assert_refused(m.UNAUTHENTICATED, m.TOKEN_MISSING,
                            m.SUBJECT_CALLER, self.wire().call,
                            "AccountService/GetMe")

    def test_a_bad_token_of_the_caller_is_refused(self):
        self.assert_refused(m.UNAUTHENTICATED, m.TOKEN_INVALID,
                            m.SUBJECT_CALLER, self.wire().call,
                            "AccountService/GetMe", access_token="a.b.c")

    def test_a_refresh_token_is_no_access_token(self):
        client = self.wire()
        pair = self.login(client)
        self.assert_refused(m.UNAUTHENTICATED, m.TOKEN_WRONG_TYPE,
                            m.SUBJECT_CALLER, client.call,
                            "AccountService/GetMe",
                            access_token=pair["refresh_token"])
        self.assert_refused(m.UNAUTHENTICATED, m.TOKEN_WRONG_TYPE,
                            m.SUBJECT_REQUEST, client.call,
                            "AuthService/VerifyToken",
                            token=pair["refresh_token"])
        both = client.call("AuthService/VerifyToken",
                           token=pair["refresh_token"], accepted_types=[1, 2])
        self.assertEqual(2, both["type"])

    def test_a_bad_token_in_the_request_is_refused(self):
        self.assert_refused(m.UNAUTHENTICATED, m.TOKEN_INVALID,
                            m.SUBJECT_REQUEST, self.wire().call,
                            "AuthService/VerifyToken", token="junk")

    def test_every_field_out_of_bounds_is_named(self):
        error = self.assert_refused(
            m.INVALID_ARGUMENT, m.FIELD_INVALID, m.SUBJECT_REQUEST,
            self.wire().call, AUTHENTICATE, identifier="", password="")
        self.assertEqual([("identifier", "required"),
                          ("password", "required")],
                         [(v["field"], v["code"]) for v in error.violations])

    def test_the_public_keys_are_served(self):
        answer = self.wire().call("KeyService/GetJwks")
        self.assertEqual(["EC"], [key["kty"] for key in answer["keys"]])

    def test_replies_find_their_requests_when_several_are_in_flight(self):
        stream = self.stream("front")
        stream.greet()
        sent = {}
        for number in range(20):
            ident = struct.pack(">I", 0x80000000 | number)
            request_id = os.urandom(16)
            sent[ident] = request_id
            method = "latchkey.v1.HealthService/Check"
            if number % 5 == 0:  # slow ones between quick ones
                method = "latchkey.v1.AuthService/Authenticate"
            payload = (b"" if number % 5 else protobuf.pack(
                m.METHODS[method][0], {"identifier": "x", "password": "y"}))
            stream.send(ident + protobuf.pack(m.CALL, {
                "method": method, "payload": payload,
                "request_id": request_id}))
        for _ in range(20):
            body = stream.receive()
            reply = protobuf.unpack(m.REPLY, body[4:])
            self.assertEqual(sent.pop(body[:4]), reply["request_id"])
        self.assertEqual({}, sent)


def bad_envelope(**changed):
    good = {"method": "latchkey.v1.HealthService/Check",
            "request_id": bytes(16)}
    good.update(changed)
    return protobuf.pack(m.CALL, {k: v for k, v in good.items()
                                  if v is not None})


def bad_payload(payload, method="latchkey.v1.AuthService/Authenticate"):
    return bad_envelope(method=method, payload=payload)


# name: (envelope, code, reason)
REFUSED_ENVELOPES = {
    "an envelope that is no message": (
        b"\xff\xff\xff\xff", m.INVALID_ARGUMENT, m.ENVELOPE_MALFORMED),
    "an envelope that is cut": (
        bad_envelope()[:-1], m.INVALID_ARGUMENT, m.ENVELOPE_MALFORMED),
    "an empty envelope": (
        b"", m.INVALID_ARGUMENT, m.ENVELOPE_MALFORMED),
    "an envelope without request id": (
        bad_envelope(request_id=None), m.INVALID_ARGUMENT,
        m.ENVELOPE_MALFORMED),
    "an envelope with a short request id": (
        bad_envelope(request_id=b"abc"), m.INVALID_ARGUMENT,
        m.ENVELOPE_MALFORMED),
    "an envelope with an endless timeout": (
        bad_envelope(timeout_ms=60001), m.INVALID_ARGUMENT,
        m.ENVELOPE_MALFORMED),
    "an envelope with a NUL in its method": (
        bad_envelope(method="latchkey.v1.HealthService/Check\0"),
        m.INVALID_ARGUMENT, m.ENVELOPE_MALFORMED),
    "an envelope with a caller of bad UTF-8": (
        bad_envelope() + b"\x2a\x03\x1a\x01\xff", m.INVALID_ARGUMENT,
        m.ENVELOPE_MALFORMED),
    "an envelope with an over-long token": (
        bad_envelope(caller={"access_token": "x" * 4097}),
        m.INVALID_ARGUMENT, m.ENVELOPE_MALFORMED),
    "an envelope with an address that is none": (
        bad_envelope(caller={"client_address": "localhost"}),
        m.INVALID_ARGUMENT, m.ENVELOPE_MALFORMED),
    "an unknown method": (
        bad_envelope(method="latchkey.v1.AuthService/Guess"),
        m.UNIMPLEMENTED, m.METHOD_UNKNOWN),
    "an over-long payload": (
        bad_payload(b"\x0a\x90\x4e" + b"x" * 10000), m.INVALID_ARGUMENT,
        m.MESSAGE_TOO_LARGE),
    "a payload that is no message": (
        bad_payload(b"\xff\xff"), m.INVALID_ARGUMENT, m.PAYLOAD_MALFORMED),
    "a payload that is cut": (
        bad_payload(b"\x0a\x05ab"), m.INVALID_ARGUMENT,
        m.PAYLOAD_MALFORMED),
    "a payload with a NUL in a string": (
        bad_payload(b"\x0a\x08ada\0evil\x12\x01x"), m.INVALID_ARGUMENT,
        m.PAYLOAD_MALFORMED),
    "a payload with bad UTF-8": (
        bad_payload(b"\x0a\x02\xc3\x28\x12\x01x"), m.INVALID_ARGUMENT,
        m.PAYLOAD_MALFORMED),
    "a payload with a field of another type": (
        bad_payload(b"\x08\x01\x12\x01x"), m.INVALID_ARGUMENT,
        m.PAYLOAD_MALFORMED),
}


def add_refused(name, envelope, code, reason):
    def test(self):
        client = self.wire("front")
        reply = client.exchange(envelope)
        self.assertEqual((code, reason), (reply["status"].get("code", 0),
                                          reply["status"].get("reason", 0)))
        self.assertEqual(b"", reply.get("payload", b""))
        # The connection lives on.
        self.assertEqual(1, client.call("HealthService/Check")["status"])
    setattr(WireTest, "test_%s_is_refused" % name.replace(" ", "_"), test)


for row_name, row in REFUSED_ENVELOPES.items():
    add_refused(row_name, *row)


class HostileFramesTest(WireCase):
    """Bytes that break the page's rules, on each listener."""

    # Each leaves the connection as it likes; what it sends is in its name.

    def send_oversized_length(self, stream):
        stream.greet()
        head = b"\1" if stream.is_ipc else b""
        stream.sock.sendall(head + struct.pack(">Q", 1 << 62) + b"x" * 100)
        with self.assertRaises((Closed, OSError)):
            stream.receive()

    def send_length_just_over_the_limit(self, stream):
        stream.greet()
        head = b"\1" if stream.is_ipc else b""
        stream.sock.sendall(head + struct.pack(">Q", (1 << 20) + 1))
        with self.assertRaises((Closed, OSError)):
            stream.receive()

    def send_wrong_protocol(self, stream):
        with self.assertRaises((Closed, OSError)):
            stream.greet(0x10)  # a PAIR socket
            stream.send(ID + bad_envelope())
            stream.receive()

    def send_wrong_version(self, stream):
        stream.sock.sendall(b"\0SP\1\0\x30\0\0")
        with self.assertRaises((Closed, OSError)):
            stream.read(8)
            stream.read(1)

    def send_junk_for_a_greeting(self, stream):
        stream.sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with self.assertRaises((Closed, OSError)):
            stream.read(8)
            stream.read(1)

    def send_half_a_frame(self, stream):
        stream.greet()
        frame = stream.frame(ID + bad_envelope())
        stream.sock.sendall(frame[:len(frame) // 2])

    def send_half_a_greeting(self, stream):
        stream.sock.sendall(b"\0SP\0")

    def send_message_without_id(self, stream):
        stream.greet()
        try:
            for body in (b"", b"\x80", b"\x80\0\0", b"\0\0\0\1"):
                stream.send(body)
        except OSError:
            pass  # closed after the first is fine too

    def send_endless_route(self, stream):
        stream.greet()
        stream.send(b"\0\0\0\1" * 100)

    def send_unknown_ipc_type(self, stream):
        stream.greet()
        stream.sock.sendall(b"\7" + struct.pack(">Q", 4) + ID)

    def send_noise(self, stream):
        stream.greet()
        try:
            stream.sock.sendall(os.urandom(4000))
        except OSError:
            pass

    def close_under_a_call(self, stream):
        stream.greet()
        payload = protobuf.pack(
            m.METHODS["latchkey.v1." + AUTHENTICATE][0],
            {"identifier": EMAIL, "password": PASSWORD})
        stream.send(ID + bad_payload(payload))


HOSTILE = [name for name in dir(HostileFramesTest)
           if name.startswith(("send_", "close_"))]


def add_hostile(name, listener):
    def test(self):
        for _ in range(3):
            stream = self.stream(listener)
            getattr(self, name)(stream)
            stream.close()
        self.assert_works()
        pair = self.login(self.wire(listener))
        self.assertIn("access_token", pair)
    setattr(HostileFramesTest, "test_%s_on_%s_harms_nobody"
            % (name, listener), test)


for hostile in HOSTILE:
    for one in LISTENERS:
        add_hostile(hostile, one)
