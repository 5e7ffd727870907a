"""What a hostile peer without a certificate can do to a listener.

Each attack opens one connection and spoils it. ATTACKS_TLS and ATTACKS_IPC
name them all.
"""

import os
import socket
import ssl
import struct
import threading
import time

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
THREADS = 8


def client_hello():
    """Returns the bytes of a valid ClientHello (TLS 1.2)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    out = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="latchkeyd")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


CLIENT_HELLO = client_hello()


class Attacker:
    """Attacks one listener: a TCP port of 127.0.0.1 or a unix socket."""

    def __init__(self, port=None, path=None):
        self.port = port
        self.path = path
        self.held = []

    def connect(self):
        """Connects; waits while the listener's queue is full."""
        sock = socket.socket(
            socket.AF_UNIX if self.path else socket.AF_INET)
        sock.settimeout(60)
        while True:
            try:
                sock.connect(self.path or ("127.0.0.1", self.port))
                return sock
            except BlockingIOError:  # a unix socket's queue is full
                time.sleep(0.001)

    def spoil(self, data, reset):
        """Sends bytes, if any, then closes or resets."""
        sock = self.connect()
        try:
            if data:
                sock.sendall(data)
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                RESET_ON_CLOSE)
        except OSError:
            pass  # the listener was quicker
        finally:
            sock.close()

    def hello_then_reset(self):
        self.spoil(CLIENT_HELLO, True)

    def reset(self):
        self.spoil(b"", True)

    def close(self):
        self.spoil(b"", False)

    def garbage(self):
        self.spoil(os.urandom(200), False)

    def garbage_then_reset(self):
        self.spoil(os.urandom(200), True)

    def half_hello(self):
        self.spoil(CLIENT_HELLO[:len(CLIENT_HELLO) // 2], True)

    def half_greeting(self):
        self.spoil(b"\0SP\0", False)

    def wrong_greeting(self):
        self.spoil(b"\0SP\0\0\x10\0\0", False)  # a PAIR socket's

    def half_open(self, held_max=100):
        """Connects and says nothing; the oldest are let go of."""
        self.held.append(self.connect())
        if len(self.held) > held_max:
            self.held.pop(0).close()

    def let_go(self):
        """Closes what half_open holds."""
        for sock in self.held:
            sock.close()
        self.held = []


ATTACKS_TLS = ("hello_then_reset", "half_open", "garbage", "reset",
               "half_hello", "garbage_then_reset")
ATTACKS_IPC = ("close", "half_open", "garbage", "half_greeting",
               "wrong_greeting", "reset")


def attack(make_attacker, name, count):
    """Attacks count times, from several threads; returns what went wrong."""
    failures = []

    def work(share):
        attacker = make_attacker()
        try:
            for _ in range(share):
                getattr(attacker, name)()
        except OSError as error:
            failures.append(error)
        finally:
            attacker.let_go()
    threads = [threading.Thread(target=work, args=(count // THREADS,))
               for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures
