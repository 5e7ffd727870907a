"""A real mail server on a loopback port, and what it was told to answer."""

import asyncio
import email
import email.policy
import logging
import socket
import ssl
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

# It is asked to be careless, and told of broken connections, on purpose.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module="aiosmtpd")

USER, PASSWORD = "latchkey", "correct horse"


class Mail:
    """What was accepted: the envelope, the message, how it came."""

    def __init__(self, server, envelope, login):
        self.sender = envelope.mail_from
        self.recipients = envelope.rcpt_tos
        self.content = envelope.original_content
        self.login = login
        self.was_encrypted = (
            server.transport.get_extra_info("ssl_object") is not None)
        self.message = email.message_from_bytes(
            self.content, policy=email.policy.default)

    @property
    def id(self):
        """The local part of the Message-ID."""
        return self.message["Message-ID"].strip("<>").split("@")[0]


class Handler:
    """aiosmtpd's hooks; each answer is asked of the owning server."""

    def __init__(self, owner):
        self.owner = owner

    async def handle_MAIL(self, server, session, envelope, address, options):
        del server, session, options
        self.owner.note("MAIL")
        envelope.mail_from = address
        return self.owner.answer_to_mail

    async def handle_RCPT(self, server, session, envelope, address, options):
        del server, session, options
        answer = self.owner.answer_to_rcpt(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        login = session.auth_data
        mail = Mail(server, envelope, login)
        answer = self.owner.answer_to_data(mail)
        if not answer:
            server.transport.abort()
            return "421 gone"
        return answer


class MailServer:
    """Listens until it is closed; mails, commands and answers are here."""

    def __init__(self, port=0, certificate=None, starttls=True, login=False):
        self.changed = threading.Condition()
        self.mails = []
        self.commands = []
        self.connections = 0
        self.logins = []
        self.answer_to_mail = "250 OK"
        self.answer_to_rcpt = lambda address: "250 OK"
        self.answer_to_data = self.accept
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        self.options = {}
        if starttls and context:
            self.options.update(tls_context=context, require_starttls=True)
        if login:
            self.options.update(auth_required=True,
                                authenticator=self.authenticate,
                                auth_require_tls=starttls)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever,
                                       daemon=True)
        self.thread.start()
        self.listener = asyncio.run_coroutine_threadsafe(
            self.loop.create_server(self.make_protocol, "127.0.0.1", port,
                                    ssl=None if starttls else context),
            self.loop).result()
        self.port = self.listener.sockets[0].getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def make_protocol(self):
        with self.changed:
            self.connections += 1
        return SMTP(Handler(self), loop=self.loop, hostname="mail.test",
                    **self.options)

    def authenticate(self, server, session, envelope, mechanism, data):
        del server, session, envelope, mechanism
        good = (isinstance(data, LoginPassword)
                and data.login == USER.encode()
                and data.password == PASSWORD.encode())
        with self.changed:
            self.logins.append(good)
            self.changed.notify_all()
        return AuthResult(success=good, handled=False,
                          auth_data=data.login.decode() if good else None)

    def note(self, command):
        with self.changed:
            self.commands.append(command)
            self.changed.notify_all()

    def accept(self, mail):
        with self.changed:
            self.mails.append(mail)
            self.changed.notify_all()
        return "250 accepted"

    def wait(self, check, patience_s=60):
        """Waits until check() is true of what happened so far."""
        with self.changed:
            if not self.changed.wait_for(check, patience_s):
                raise AssertionError(
                    "never happened; %d mails, logins %s"
                    % (len(self.mails), self.logins))

    def wait_mails(self, count):
        self.wait(lambda: len(self.mails) >= count)

    async def _stop(self):
        self.listener.close()
        await self.listener.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def close(self):
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class MuteServer:
    """Speaks plain SMTP, one client at a time, until a command comes to which
    it never says anything: "MAIL", ".", "QUIT"."""

    def __init__(self, silent_at, **answers):
        self.silent_at = silent_at
        self.answers = {"DATA": "354 go on", **answers}
        self.reached = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            try:
                self.talk(connection)
            except OSError:
                pass

    def talk(self, connection):
        connection.sendall(b"220 mute.test\r\n")
        in_body = False
        for line in connection.makefile("rb"):
            verb = line.decode().strip()
            if not in_body:
                verb = verb[:4].upper()
            elif verb != ".":
                continue
            if verb == self.silent_at:
                self.reached.set()
                return
            in_body = verb == "DATA"
            connection.sendall(
                self.answers.get(verb, "250 OK").encode() + b"\r\n")

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()
        self.thread.join()
