"""The sender against a mail server that is friendly, strict, ill or gone."""

import shutil
import socket
import tempfile
import unittest

from tests.mail.mail_driver import MailDriver
from tests.mail.mail_server import PASSWORD, USER, MailServer, MuteServer
from tests.support import certificates

LINK = "https://auth.example/?token="
WRONG = "wrong password"


class Case(unittest.TestCase):
    """An authority and a certificate of "localhost", made once."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="latchkey_ca.", dir="/tmp")
        cls.authority = certificates.Authority(cls.folder, "ca")
        cls.certificate = cls.authority.issue("localhost", "server")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def server(self, **options):
        options.setdefault("certificate", self.certificate)
        server = MailServer(**options)
        self.addCleanup(server.close)
        return server

    def driver(self, port, scheme="smtp", **options):
        options.setdefault("smtp_ca", self.authority.cert)
        driver = MailDriver(
            smtp_url="%s://localhost:%d" % (scheme, port), **options)
        self.addCleanup(driver.__exit__)
        return driver

    def wait_gone(self, driver, count=1):
        """Waits until so many mails are off the outbox; stops; checks."""
        driver.sender.wait_for(
            lambda p: len(p.events("mail_sent")
                          + p.events("mail_given_up")) >= count, "gone")
        log = driver.stop()
        self.assertEqual(driver.left(), "none")
        self.assertNotIn(LINK, log)
        return log


class Delivery(Case):

    def test_a_mail_goes_out_by_starttls_with_a_login(self):
        server = self.server(login=True)
        driver = self.driver(server.port, smtp_user=USER,
                             smtp_password=PASSWORD)
        ids = driver.queue(1)
        driver.start()
        log = self.wait_gone(driver)
        mail, = server.mails
        self.assertTrue(mail.was_encrypted)
        self.assertEqual(mail.login, USER)
        self.assertEqual(mail.sender, "no-reply@example.org")
        self.assertEqual(mail.recipients, ["ada@example.com"])
        self.assertEqual(mail.id, ids[0])
        self.assertNotIn(PASSWORD, log)

    def test_a_mail_says_the_same_as_text_and_as_html(self):
        server = self.server()
        driver = self.driver(server.port)
        ids = driver.queue(1)
        driver.start()
        self.wait_gone(driver)
        message = server.mails[0].message
        self.assertEqual(message.defects, [])
        self.assertEqual(message["Subject"],
                         "Verify your e-mail address for Example")
        self.assertEqual(str(message["From"]),
                         "Example <no-reply@example.org>")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertIsNotNone(message["Date"].datetime)
        for kind in ("plain", "html"):
            body = message.get_body((kind,)).get_content()
            self.assertIn(LINK + ids[0], body)
            self.assertIn("3 days", body)

    def test_smtps_is_encrypted_from_the_start(self):
        server = self.server(starttls=False, login=True)
        driver = self.driver(server.port, "smtps", smtp_user=USER,
                             smtp_password=PASSWORD)
        driver.queue(1)
        driver.start()
        self.wait_gone(driver)
        self.assertTrue(server.mails[0].was_encrypted)

    def test_a_relay_without_tls_is_used_only_when_told_so(self):
        server = self.server(certificate=None)
        driver = self.driver(server.port, smtp_starttls=0)
        driver.queue(1)
        driver.start()
        self.wait_gone(driver)
        self.assertFalse(server.mails[0].was_encrypted)

    def test_many_mails_share_one_connection(self):
        server = self.server()
        driver = self.driver(server.port)
        ids = driver.queue(30)
        driver.start()
        self.wait_gone(driver, 30)
        self.assertEqual(sorted(mail.id for mail in server.mails),
                         sorted(ids))
        self.assertEqual(server.connections, 1)

    def test_a_test_mail_tells_what_became_of_it(self):
        server = self.server()
        driver = self.driver(server.port)
        self.assertEqual(driver.test("ada@example.com"), (0, ""))
        self.assertIn("Test mail",
                      str(server.mails[0].message["Subject"]))
        server.answer_to_rcpt = lambda address: "550 5.1.1 no Ada here"
        status, err = driver.test("ada@example.com")
        self.assertEqual(status, 1)
        self.assertIn("RCPT TO: 550 5.1.1 no Ada here", err)


class Trust(Case):
    """Who is not certain to be the mail server gets nothing."""

    def refuse(self, server, **options):
        """Nothing but tries, of which the log is returned."""
        driver = self.driver(server.port, **options)
        driver.queue(1)
        driver.start().wait_for(
            lambda p: len(p.events("mail_postponed")) >= 2, "two tries")
        log = driver.stop()
        self.assertNotEqual(driver.left(), "none")
        self.assertEqual(server.mails, [])
        self.assertEqual(server.commands, [])
        self.assertNotIn(LINK, log)
        return log

    def test_a_certificate_of_another_authority_is_refused(self):
        folder = tempfile.mkdtemp(dir=self.folder)
        other = certificates.Authority(folder, "other")
        server = self.server(certificate=other.issue("localhost", "server"))
        self.assertIn("certificate", self.refuse(server))

    def test_a_certificate_of_another_name_is_refused(self):
        server = self.server(
            certificate=self.authority.issue("mail.example", "server"))
        self.refuse(server)

    def test_an_expired_certificate_is_refused(self):
        server = self.server(certificate=self.authority.issue(
            "localhost", "server", not_before_s=-7200, lifetime_s=3600,
            folder=tempfile.mkdtemp(dir=self.folder)))
        self.assertIn("expired", self.refuse(server))

    def test_a_server_without_starttls_gets_neither_mail_nor_password(self):
        server = self.server(certificate=None, login=False)
        self.refuse(server, smtp_user=USER, smtp_password=PASSWORD)
        self.assertEqual(server.logins, [])

    def test_a_wrong_password_sends_nothing_and_is_not_logged(self):
        server = self.server(login=True)
        log = self.refuse(server, smtp_user=USER, smtp_password=WRONG)
        self.assertIn("535", log)
        self.assertNotIn(WRONG, log)
        self.assertGreaterEqual(len(server.logins), 2)
        self.assertFalse(any(server.logins))


class Trouble(Case):

    def test_a_mail_that_is_put_off_is_tried_again(self):
        server = self.server()
        answers = ["451 busy", "452 full", "250 OK"]
        server.answer_to_rcpt = lambda address: answers.pop(0)
        driver = self.driver(server.port)
        ids = driver.queue(1)
        driver.start()
        log = self.wait_gone(driver)
        self.assertEqual([mail.id for mail in server.mails], ids)
        self.assertIn("RCPT TO: 451 busy", log)
        self.assertIn("attempts=3", log)

    def test_a_refused_recipient_is_given_up_and_others_get_theirs(self):
        server = self.server()
        server.answer_to_rcpt = lambda address: (
            "550 5.1.1 nobody" if "nobody" in address else "250 OK")
        driver = self.driver(server.port)
        lost = driver.queue(1, "nobody@example.com")
        ids = driver.queue(3)
        driver.start()
        self.wait_gone(driver, 4)
        given_up, = driver.sender.events("mail_given_up")
        self.assertEqual(given_up["id"], lost[0])
        self.assertEqual(given_up["attempts"], "1")
        self.assertEqual(given_up["level"], "error")
        self.assertEqual(sorted(mail.id for mail in server.mails),
                         sorted(ids))

    def test_a_refusal_that_is_about_us_is_not_final(self):
        server = self.server()
        answers = ["554 5.7.1 relay access denied", "250 OK"]
        server.answer_to_rcpt = lambda address: answers.pop(0)
        driver = self.driver(server.port)
        driver.queue(1)
        driver.start()
        self.wait_gone(driver)
        self.assertEqual(len(server.mails), 1)

    def test_a_message_that_is_refused_is_tried_again_and_not_quoted(self):
        server = self.server()
        answers = ["554 bad link %sx" % LINK, "451 later"]
        server.answer_to_data = lambda mail: (
            answers.pop(0) if answers else server.accept(mail))
        driver = self.driver(server.port)
        driver.queue(1)
        driver.start()
        log = self.wait_gone(driver)
        self.assertIn("message: 554", log)
        self.assertEqual(len(server.mails), 1)

    def test_a_dropped_connection_repeats_the_same_mail(self):
        server = self.server()
        seen = []

        def drop_twice(mail):
            seen.append(mail)
            return "" if len(seen) < 3 else server.accept(mail)
        server.answer_to_data = drop_twice
        driver = self.driver(server.port)
        ids = driver.queue(1)
        driver.start()
        self.wait_gone(driver)
        self.assertEqual([mail.id for mail in seen], ids * 3)
        self.assertEqual(len({mail.content for mail in seen}), 1)

    def test_mails_wait_for_a_server_that_is_away(self):
        server = self.server()
        port = server.port
        driver = self.driver(port)
        with socket.create_server(("127.0.0.1", 0)) as gone:
            driver.options["smtp_url"] = ("smtp://localhost:%d"
                                          % gone.getsockname()[1])
        ids = driver.queue(5)
        driver.start().wait_for(
            lambda p: len(p.events("mail_postponed")) >= 3, "three tries")
        driver.stop()
        driver.options["smtp_url"] = "smtp://localhost:%d" % port
        driver.start()
        self.wait_gone(driver, 5)
        self.assertEqual(sorted(mail.id for mail in server.mails),
                         sorted(ids))

    def end_while_silent(self, silent_at):
        """Ends a sender whose server has stopped to answer; returns it."""
        server = MuteServer(silent_at)
        self.addCleanup(server.close)
        driver = self.driver(server.port, smtp_starttls=0,
                             timeout_ms=600000)
        driver.queue(1)
        driver.start()
        self.assertTrue(server.reached.wait(60))
        driver.stop()
        return driver

    def test_a_server_that_says_nothing_does_not_hold_up_the_end(self):
        driver = self.end_while_silent("MAIL")
        self.assertTrue(driver.left().endswith(" 0"))

    def test_a_mail_whose_fate_is_unknown_at_the_end_stays(self):
        driver = self.end_while_silent(".")
        self.assertTrue(driver.left().endswith(" 0"))

    def test_nobody_waits_for_an_answer_to_quit(self):
        driver = self.end_while_silent("QUIT")
        self.assertEqual(driver.left(), "none")

    def test_a_refusal_counts_though_quit_is_not_answered(self):
        server = MuteServer("QUIT", RCPT="550 5.1.1 nobody")
        self.addCleanup(server.close)
        driver = self.driver(server.port, smtp_starttls=0,
                             timeout_ms=600000)
        driver.queue(1)
        driver.start().wait_for_event("mail_given_up")
        driver.stop()
        self.assertEqual(driver.left(), "none")

    def test_no_greeting_does_not_hold_up_the_end(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            driver = self.driver(mute.getsockname()[1], timeout_ms=600000)
            ids = driver.queue(1)
            driver.start()
            connection, _ = mute.accept()
            with connection:
                driver.stop()
        self.assertEqual(driver.left(), ids[0] + " 0")

    def test_a_server_that_says_nothing_runs_into_the_timeout(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            driver = self.driver(mute.getsockname()[1], timeout_ms=200)
            driver.queue(1)
            driver.start().wait_for_event("mail_postponed")
            driver.stop()
        self.assertNotEqual(driver.left(), "none")

    def test_an_end_in_the_middle_of_a_mail_waits_for_the_answer(self):
        server = self.server()
        asked, mails = [], []

        def end_it(mail):
            asked.append(mail)
            driver.sender.signal(15)
            return server.accept(mail)
        server.answer_to_data = end_it
        driver = self.driver(server.port)
        mails = driver.queue(2)
        driver.start().wait_end()
        self.assertEqual(len(asked), 1)
        self.assertEqual(driver.left(),
                         [i for i in mails if i != asked[0].id][0] + " 0")


if __name__ == "__main__":
    unittest.main()
