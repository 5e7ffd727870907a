"""The mails that the server put into its maildir, as a reader sees them."""

import email
import email.policy
import os
import re

from tests.support import process


class Mail:
    """One mail: its headers, its text, its HTML, its links."""

    def __init__(self, data):
        self.message = email.message_from_bytes(data,
                                                policy=email.policy.default)

    def header(self, name):
        return str(self.message[name])

    @property
    def to(self):
        return self.message["To"].addresses[0].addr_spec

    def body(self, kind):
        return self.message.get_body((kind,)).get_content()

    @property
    def link(self):
        """The one link; text and HTML must have the same."""
        found = set(re.findall(r"https?://\S+", self.body("plain")))
        shown = {link.replace("&amp;", "&") for link in re.findall(
            r'href="([^"]+)"', self.body("html"))}
        if len(found) != 1 or found != shown:
            raise AssertionError("links: %s and %s" % (found, shown))
        return found.pop()

    @property
    def token(self):
        """The secret part of the link: 32 bytes as base64url."""
        return re.search(r"[\w-]{43}(?=/?$)", self.link).group(0)


class Mailbox:
    """All mails of a deployment."""

    def __init__(self, path):
        self.path = os.path.join(path, "new")

    def all(self, to):
        """Every mail to an address, in no particular order."""
        mails = []
        for name in os.listdir(self.path):
            with open(os.path.join(self.path, name), "rb") as file:
                mails.append(Mail(file.read()))
        return [mail for mail in mails if mail.to == to]

    def wait(self, to, count=1):
        """Waits for so many mails to an address; returns them all."""
        mails = []

        def there():
            mails[:] = self.all(to)
            return len(mails) >= count
        process.repeat_until(there, "%d mails to %s" % (count, to))
        if len(mails) != count:
            raise AssertionError("%d mails to %s" % (len(mails), to))
        return mails

    def wait_about(self, to, words):
        """Waits for the one mail to an address with such a subject."""
        mails = []

        def there():
            mails[:] = [mail for mail in self.all(to)
                        if words in mail.header("Subject")]
            return mails
        process.repeat_until(there, "%r to %s" % (words, to))
        if len(mails) != 1:
            raise AssertionError("%d mails to %s" % (len(mails), to))
        return mails[0]
