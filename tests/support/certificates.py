"""Certificates for tests: good ones, and the kinds that must be refused."""

import os

from tests.support import process, programs

DAY_S = 86400


def make(*args):
    status, _, said = process.run([programs.certificate_maker(),
                                   *map(str, args)])
    if status != 0:
        raise RuntimeError("certificate_maker %s: %s" % (args, said))


class Authority:
    """A certificate authority in a folder: its own, or one found there."""

    def __init__(self, folder, name, make_it=True):
        self.folder = folder
        self.cert = os.path.join(folder, name + ".crt")
        self.key = os.path.join(folder, name + ".key")
        if make_it:
            make("authority", name, self.cert, self.key)

    def issue(self, name, use="client", not_before_s=-300, lifetime_s=DAY_S,
              folder=None):
        """Returns the paths of a new certificate and its key."""
        stem = os.path.join(folder or self.folder, "%s-%s" % (name, use))
        make(use, name, self.cert, self.key, stem + ".crt", stem + ".key",
             not_before_s, lifetime_s)
        return stem + ".crt", stem + ".key"
