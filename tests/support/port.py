"""Free TCP ports of 127.0.0.1."""

import random
import socket

# Below the range from which the kernel takes the ports of outgoing
# connections, so that none of those gets in between.
FIRST, LAST = 15000, 32000


def is_free(number):
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def choose():
    """Returns a port that is free now; it may be taken before it is used."""
    while True:
        number = random.SystemRandom().randint(FIRST, LAST)
        if is_free(number):
            return number
