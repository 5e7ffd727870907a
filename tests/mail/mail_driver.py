"""test_mail_driver: an outbox of its own and the process that delivers it."""

import shutil
import tempfile

from tests.support import process, programs


class MailDriver:
    """A store under /tmp with an outbox, and senders for it."""

    def __init__(self, **options):
        self.store = tempfile.mkdtemp(prefix="latchkey_mail.", dir="/tmp")
        self.options = options
        self.sender = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.sender is not None:
            self.sender.kill()
        shutil.rmtree(self.store)

    def run(self, *args):
        """Runs a command; returns (status, output, errors)."""
        return process.run([programs.path("MAIL_DRIVER"), *args])

    def settings(self):
        return ["%s=%s" % pair for pair in self.options.items()]

    def queue(self, count, address="ada@example.com"):
        """Queues mails; returns their ids."""
        status, out, err = self.run("queue", self.store, str(count), address)
        if status != 0:
            raise AssertionError(err)
        return out.split()

    def start(self):
        """Starts a sender and waits until it is at work."""
        self.sender = process.Process([programs.path("MAIL_DRIVER"), "send",
                                       self.store, *self.settings()])
        self.sender.wait_for_event("ready")
        return self.sender

    def stop(self):
        self.sender.stop()
        return self.sender.log()

    def left(self):
        """What is due first: "none", or its id and how often it was tried."""
        status, out, err = self.run("left", self.store)
        if status != 0:
            raise AssertionError(err)
        return out.strip()

    def test(self, address):
        """Sends a test mail; returns (status, errors)."""
        status, _, err = self.run("test", address, *self.settings())
        return status, err
