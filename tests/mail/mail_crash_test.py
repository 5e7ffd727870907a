"""The sender is killed (SIGKILL) again and again while it delivers 500 mails,
and no mail is lost: every Message-ID arrives, and what arrives twice is the
same mail.

ROUNDS in the environment says how often it is killed; 50 is the long form.
"""

import collections
import os
import random
import time
import unittest

from tests.mail.mail_driver import MailDriver
from tests.mail.mail_server import MailServer

ROUNDS = int(os.environ.get("ROUNDS", "10"))
MAILS = 500
# Of the moment after the acceptance that a kill is tied to.
DELAY_MAX_S = 0.004


class Crash(unittest.TestCase):

    def kill_at(self, driver, server, count):
        """Lets a sender work until `count` mails came, and a moment more."""
        driver.start()
        server.wait_mails(count)
        time.sleep(random.uniform(0, DELAY_MAX_S))
        driver.sender.kill()

    def test_killed_senders_lose_no_mail(self):
        with MailServer() as server, MailDriver(
                smtp_url="smtp://localhost:%d" % server.port,
                smtp_starttls=0) as driver:
            ids = driver.queue(MAILS)
            for count in sorted(random.sample(range(1, MAILS), ROUNDS)):
                self.kill_at(driver, server, count)
            driver.start()
            server.wait(lambda: len({m.id for m in server.mails}) == MAILS)
            driver.stop()
            self.assertEqual(driver.left(), "none")
            contents = collections.defaultdict(list)
            for mail in server.mails:
                contents[mail.id].append(mail.content)
            self.assertEqual(sorted(contents), sorted(ids))
            for same in contents.values():
                self.assertEqual(len(set(same)), 1)
            repeats = len(server.mails) - MAILS
            print("%d kills, %d repeats" % (ROUNDS, repeats))
            # Each kill can repeat the one mail that was under way.
            self.assertLessEqual(repeats, ROUNDS)


if __name__ == "__main__":
    unittest.main()
