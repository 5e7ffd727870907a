"""latchkeyd itself with a mail server: settings, a reset, an end, a test mail."""

import os
import re
import unittest

from tests.mail.mail_server import PASSWORD, USER, MailServer
from tests.support import process
from tests.support.certificates import Authority
from tests.support.deployment import EMAIL, Deployment


class ServiceMail(unittest.TestCase):

    def setUp(self):
        self.deployment = Deployment()
        self.addCleanup(self.deployment.close)
        self.deployment.create()
        authority = Authority(self.deployment.folder, "mail-ca")
        self.server = MailServer(
            certificate=authority.issue("localhost", "server"), login=True)
        self.addCleanup(self.server.close)
        self.write_password(PASSWORD, 0o400)
        self.deployment.server_settings.update({
            "mail.transport": "smtp",
            "mail.smtp_url": "smtp://localhost:%d" % self.server.port,
            "mail.smtp_ca": authority.cert,
            "mail.smtp_user": USER,
            "mail.smtp_password_file": "smtp-password",
            "mail.from": "Acme, Inc. <no-reply@acme.example>",
            "mail.retry_first_ms": 20,
            "server.operator_name": "Acme",
            "server.public_base": "https://auth.acme.example",
            "throttles.mail_minute": "off",
        })

    def write_password(self, password, mode):
        path = self.deployment.path("smtp-password")
        if os.path.exists(path):
            os.remove(path)
        with open(path, "w", encoding="ascii") as file:
            file.write(password + "\n")
        os.chmod(path, mode)

    def ask_for_reset(self):
        client = self.deployment.wire()
        try:
            client.call("AccountService/RequestPasswordReset", email=EMAIL)
        finally:
            client.close()

    def test_a_reset_reaches_its_owner_through_the_mail_server(self):
        self.deployment.start_server()
        self.ask_for_reset()
        self.server.wait_mails(1)
        mail, = self.server.mails
        self.assertTrue(mail.was_encrypted)
        self.assertEqual(mail.login, USER)
        self.assertEqual(mail.recipients, [EMAIL])
        self.assertEqual(str(mail.message["From"]),
                         '"Acme, Inc." <no-reply@acme.example>')
        self.assertTrue(mail.message["Message-ID"].endswith(
            "@acme.example>"))
        text = mail.message.get_body(("plain",)).get_content()
        self.assertRegex(text, r"https://auth\.acme\.example/api/auth/"
                         r"password-reset-confirm/\w+/[\w-]{43}/")
        token = re.search(r"[\w-]{43}(?=/)", text).group(0)
        self.deployment.server.wait_for_event("mail_sent")
        self.deployment.stop_server()
        log = self.deployment.server.log()
        self.assertNotIn(token, log)
        self.assertNotIn(PASSWORD, log)

    def test_mails_outlive_an_end_while_the_mail_server_is_ill(self):
        self.server.answer_to_rcpt = lambda address: "451 ill"
        self.deployment.start_server()
        self.ask_for_reset()
        self.deployment.server.wait_for_event("mail_postponed")
        self.deployment.stop_server()
        self.server.answer_to_rcpt = lambda address: "250 OK"
        self.deployment.start_server()
        self.server.wait_mails(1)
        self.deployment.server.wait_for_event("mail_sent")

    def test_a_password_file_that_others_can_read_stops_the_start(self):
        self.write_password(PASSWORD, 0o444)
        status, out, err = self.deployment.command("serve", "--check-config")
        self.assertEqual(status, 1)
        self.assertIn("mail.smtp_password_file", out + err)
        self.assertNotIn(PASSWORD, out + err)
        with self.assertRaises(process.ProcessFailed):
            self.deployment.start_server()
        self.write_password(PASSWORD, 0o600)
        self.deployment.must("serve", "--check-config")

    def test_a_wrong_template_stops_the_start_with_its_line(self):
        folder = self.deployment.path("templates")
        os.mkdir(folder)
        with open(os.path.join(folder, "reset.html"), "w",
                  encoding="ascii") as file:
            file.write("<p>\n{{lnk}}\n")
        self.deployment.server_settings["mail.template_dir"] = "templates"
        status, out, err = self.deployment.command("serve", "--check-config")
        self.assertEqual(status, 1)
        self.assertIn("reset.html:2", out + err)

    def test_a_test_mail_says_what_the_server_said(self):
        status, out, _ = self.deployment.command("doctor", "--mail-to",
                                                 "ops@acme.example")
        self.assertEqual(status, 0, out)
        self.assertEqual(self.server.mails[0].recipients,
                         ["ops@acme.example"])
        self.server.answer_to_rcpt = lambda address: "550 5.1.1 no ops"
        status, out, err = self.deployment.command("doctor", "--mail-to",
                                                   "ops@acme.example")
        self.assertEqual(status, 1)
        self.assertIn("550 5.1.1 no ops", out + err)


if __name__ == "__main__":
    unittest.main()
