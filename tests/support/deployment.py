"""A Latchkey of its own for a test: state directory, both programs, users.

Everything lies under one folder in /tmp (a unix socket's path must be short)
and all ports are free ones, so any number of tests can run side by side.
"""

import os
import shutil
import tempfile

from tests.support import certificates, http_client, mailbox, port, process
from tests.support import programs
from tests.wire import wire_client

EMAIL = "ada@example.com"
PASSWORD = "correct horse 9 battery"

# Most tests fail on purpose, and often; those about throttles set their own.
THROTTLES = ("login_address", "login_account", "login_device", "mail_minute",
             "mail_hour", "register_address", "old_password", "own_changes")

# Who looks at a deployment whose programs have ended as they should.
OBSERVERS = []

# What a program prints when a sanitizer stopped it.
BAD_SIGNS = ("AddressSanitizer", "LeakSanitizer", "runtime error:",
             "Assertion ", "ThreadSanitizer")


class Deployment:
    """One state directory with the programs that serve it.

    server and gateway are settings by "section.key" for the two programs;
    transport is how they are connected, "tls" or "ipc"; init are more options
    of `latchkeyd init`.
    """

    def __init__(self, server=None, gateway=None, transport="tls", init=()):
        self.folder = tempfile.mkdtemp(prefix="lk-", dir="/tmp")
        self.home = os.path.join(self.folder, "h")
        self.transport = transport
        self.init_options = init
        self.server_settings = dict(server or {})
        self.gateway_settings = dict(gateway or {})
        self.front_port = port.choose()
        self.service_port = port.choose()
        self.http_port = None
        self.service_files = None
        self.clock_shift_s = 0
        self.server = None
        self.gateway = None

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        self.close(check=failed is None)

    # Files and commands

    def path(self, *parts):
        """A path in the state directory."""
        return os.path.join(self.home, *parts)

    @property
    def ipc_path(self):
        return self.path("run", "ipc")

    @property
    def mailbox(self):
        return mailbox.Mailbox(self.path("mail"))

    def server_environment(self, **more):
        settings = {
            "listeners.front": "tls+tcp://127.0.0.1:%d" % self.front_port,
            "listeners.service": "tls+tcp://127.0.0.1:%d" % self.service_port,
            "listeners.local": "ipc://" + self.ipc_path,
        }
        settings.update(("throttles." + name, "off") for name in THROTTLES)
        settings.update(self.server_settings)
        settings.update(more)
        env = programs.environment(settings)
        if self.clock_shift_s:
            env = programs.shifted(env, self.clock_shift_s)
        return env

    def gateway_environment(self):
        url = "ipc://" + self.ipc_path
        if self.transport == "tls":
            url = "tls+tcp://127.0.0.1:%d" % self.front_port
        settings = {
            "gateway.listen": "127.0.0.1:%d" % self.http_port,
            "server.url": url,
        }
        settings.update(self.gateway_settings)
        return programs.environment(settings)

    def command(self, *args, text="", pass_fds=()):
        """Runs a latchkeyd command on the home; (status, out, err)."""
        first, *rest = args
        return process.run(
            [programs.server(), first, "--home", self.home, *rest],
            env=self.server_environment(), text=text, pass_fds=pass_fds)

    def must(self, *args, **options):
        """Runs a command that has to succeed; returns its output."""
        status, out, err = self.command(*args, **options)
        if status != 0:
            raise process.ProcessFailed("latchkeyd %s: %d\n%s%s"
                                        % (args, status, out, err))
        return out

    def create(self):
        """Makes the state directory and the first superuser."""
        self.must("init", *self.init_options)
        self.add_user(EMAIL, PASSWORD, "--first-name", "Ada",
                      "--last-name", "Lovelace", "--username", "ada")
        return self

    def create_gateway(self):
        """Makes the gateway's configuration in the state directory."""
        status, out, err = process.run(
            [programs.gateway(), "init", "--home", self.home])
        if status != 0:
            raise process.ProcessFailed("latchkey-gateway init: %d\n%s%s"
                                        % (status, out, err))

    def add_user(self, email, password, *options):
        """Makes a superuser; the password goes through a pipe."""
        reading, writing = os.pipe()
        try:
            os.write(writing, password.encode())
            os.close(writing)
            self.must("create-superuser", "--email", email, "--password-fd",
                      str(reading), *options, pass_fds=(reading,))
        finally:
            os.close(reading)

    # The processes

    def start_server(self):
        """Starts latchkeyd and waits until it is ready.

        The ports are chosen again if somebody else took one, unless a
        gateway already counts on them.
        """
        for _ in range(10):
            self.server = process.Process(
                [programs.server(), "serve", "--home", self.home],
                env=self.server_environment())
            try:
                self.server.wait_for_event("ready")
                return self
            except process.ProcessFailed:
                self.server.kill()
                if self.gateway or "in use" not in self.server.log():
                    raise
            self.front_port = port.choose()
            self.service_port = port.choose()
        raise process.ProcessFailed("no free ports")

    def start_gateway(self, wait_ready=True):
        """Starts the gateway, waits until it listens and reaches the server."""
        if self.gateway is None:
            self.create_gateway()
        for _ in range(10):
            self.http_port = port.choose()
            self.gateway = process.Process(
                [programs.gateway(), "serve", "--home", self.home],
                env=self.gateway_environment())
            try:
                self.gateway.wait_for_event("ready")
                break
            except process.ProcessFailed:
                self.gateway.kill()
                if "has that port" not in self.gateway.log():
                    raise
        else:
            raise process.ProcessFailed("no free port")
        if wait_ready:
            self.wait_ready()
        return self

    def start(self):
        """Creates everything and starts both programs."""
        try:
            return self.create().start_server().start_gateway()
        except BaseException:
            self.close(check=False)
            raise

    def wait_ready(self):
        """Waits until /readyz says that the gateway reaches the server."""
        process.repeat_until(lambda: self.get("/readyz").status == 200,
                             "readyz\n" + self.gateway.log())

    def restart_server(self):
        """Stops the server if it runs, starts it, waits for the gateway."""
        if self.server.is_running():
            self.stop_server()
        self.start_server()
        if self.gateway:
            self.wait_ready()

    def age(self, seconds):
        """Restarts the server with its clock so much further ahead."""
        self.clock_shift_s += seconds
        self.restart_server()

    def stop_server(self):
        self.server.stop()
        self.check_log(self.server)

    def check_log(self, program):
        """Fails if a sanitizer or an assertion had something to say."""
        log = program.log()
        for sign in BAD_SIGNS:
            if sign in log:
                raise process.ProcessFailed(log)

    def close(self, check=True):
        """Stops both programs (their exit status must be 0) and cleans up."""
        try:
            for program in (self.gateway, self.server):
                if program is None:
                    continue
                if not check:
                    program.kill()
                elif program.is_running():
                    program.stop()
                if check:
                    self.check_log(program)
            for observe in OBSERVERS if check else ():
                observe(self)
        finally:
            for program in (self.gateway, self.server):
                if program is not None:
                    program.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    # Talking to them

    def get(self, path, headers=()):
        return http_client.request(self.http_port, "GET", path, headers)

    def post(self, path, value, headers=()):
        return http_client.post_json(self.http_port, path, value, headers)

    def login(self, email=EMAIL, password=PASSWORD):
        """Logs in through the gateway; returns the answer's object."""
        answer = self.post("/api/auth/login/",
                           {"email": email, "password": password})
        if answer.status != 200:
            raise AssertionError("login: %r" % answer)
        return answer.json()

    def tls_context(self, listener="front"):
        """A context as a well-behaved client of a listener has it."""
        pki = self.path("pki")
        if listener == "front":
            return wire_client.tls_context(
                pki + "/front-ca.crt", pki + "/gateway.crt",
                pki + "/gateway.key")
        return wire_client.tls_context(pki + "/service-ca.crt",
                                       *self.service_certificate())

    def service_certificate(self):
        """Paths of a service's certificate and its key."""
        if self.service_files is None:
            authority = certificates.Authority(self.path("pki"), "service-ca",
                                               make_it=False)
            self.service_files = authority.issue("orders", folder=self.folder)
        return self.service_files

    def wire(self, listener="local"):
        """A wire client on the listener "front", "service" or "local"."""
        if listener == "local":
            stream = wire_client.connect_ipc(self.ipc_path)
        else:
            number = (self.front_port if listener == "front"
                      else self.service_port)
            stream = wire_client.connect_tls(number,
                                             self.tls_context(listener))
        try:
            return wire_client.WireClient(stream)
        except BaseException:
            stream.close()
            raise
