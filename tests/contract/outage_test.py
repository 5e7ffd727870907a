"""What callers of the gateway see while the server is away, stopped, full
or ending, and that everything comes back by itself."""

import signal
import threading
import unittest

from tests.contract import held
from tests.contract.case import check_headers
from tests.support import http_client
from tests.support.deployment import EMAIL, PASSWORD, Deployment
from tests.support.process import repeat_until

LOGIN = "/api/auth/login/"
ME = "/api/auth/users/me/"
GOOD = {"email": EMAIL, "password": PASSWORD}
AWAY = '{"detail":"Service unavailable."}'


class OutageCase(unittest.TestCase):
    SERVER = {}
    GATEWAY = {"server.timeout_ms": 1000}
    TRANSPORT = "tls"

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(
            server=cls.SERVER, gateway=cls.GATEWAY,
            transport=cls.TRANSPORT).start()
        cls.addClassCleanup(cls.deployment.close)
        cls.pair = cls.deployment.login()

    def me(self):
        return self.deployment.get(
            ME, {"Authorization": "Bearer " + self.pair["access"]})

    def assert_away(self, answer):
        self.assertEqual(503, answer.status, answer)
        self.assertEqual(AWAY, answer.text())
        check_headers(self, answer)

    def assert_back(self):
        """The gateway finds the server again, and old sessions live."""
        self.deployment.wait_ready()
        repeat_until(lambda: self.me().status == 200, "users/me")
        self.deployment.login()


class AwayTest(OutageCase):
    def test_a_killed_server_is_unavailable_until_it_is_back(self):
        self.deployment.server.kill()
        repeat_until(lambda: self.me().status == 503, "503")
        self.assert_away(self.me())
        self.assert_away(self.deployment.post(LOGIN, GOOD))
        self.assert_away(self.deployment.post(
            "/api/auth/token/refresh/", {"refresh": self.pair["refresh"]}))
        self.assert_away(self.deployment.get("/.well-known/jwks.json"))
        self.assertEqual(503, self.deployment.get("/readyz").status)
        self.assertEqual(200, self.deployment.get("/healthz").status)
        self.deployment.restart_server()
        self.assert_back()

    def test_what_needs_no_server_is_answered_without_one(self):
        self.deployment.server.kill()
        try:
            self.assertEqual(400, self.deployment.post(LOGIN, {}).status)
            self.assertEqual(401, self.deployment.get(ME).status)
            self.assertEqual(404, self.deployment.get("/nope/").status)
        finally:
            self.deployment.restart_server()
        self.assert_back()

    def test_a_stopped_server_is_unavailable_at_the_deadline(self):
        self.deployment.server.freeze()
        try:
            self.assert_away(self.me())
            self.assert_away(self.deployment.post(LOGIN, GOOD))
            self.assertEqual(503, self.deployment.get("/readyz").status)
            self.assertEqual(200, self.deployment.get("/healthz").status)
        finally:
            self.deployment.server.thaw()
        self.assert_back()

    def test_a_server_killed_under_a_call_is_unavailable(self):
        self.deployment.server.freeze()
        with http_client.Connection(self.deployment.http_port) as connection:
            connection.ask("GET", ME, {"Authorization": "Bearer "
                                       + self.pair["access"]})
            self.deployment.server.kill()
            self.assert_away(connection.receive())
        self.deployment.restart_server()
        self.assert_back()

    def test_a_client_that_leaves_during_a_call_harms_nobody(self):
        self.deployment.server.freeze()
        held.ABANDONED[self.deployment.http_port] = 20
        for _ in range(20):
            with http_client.Connection(
                    self.deployment.http_port) as connection:
                connection.ask("GET", ME, {"Authorization": "Bearer "
                                           + self.pair["access"]})
        self.deployment.server.thaw()
        self.assert_back()

    def test_sessions_outlive_a_restart(self):
        pair = self.deployment.login()
        self.deployment.restart_server()
        answer = self.deployment.get(
            ME, {"Authorization": "Bearer " + pair["access"]})
        self.assertEqual(200, answer.status)
        answer = self.deployment.post("/api/auth/token/refresh/",
                                      {"refresh": pair["refresh"]})
        self.assertEqual(200, answer.status)

    def test_the_server_drains_on_sigterm(self):
        statuses = []

        def login():
            statuses.append(self.deployment.post(LOGIN, GOOD).status)
        threads = [threading.Thread(target=login) for _ in range(8)]
        for thread in threads:
            thread.start()
        self.deployment.server.signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        self.assertEqual(0, self.deployment.server.wait_end())
        self.assertLessEqual(set(statuses), {200, 503})
        self.deployment.check_log(self.deployment.server)
        self.deployment.restart_server()
        self.assert_back()


class AwayByIpcTest(AwayTest):
    TRANSPORT = "ipc"


class GatewayEndTest(unittest.TestCase):
    def test_the_gateway_answers_what_is_in_progress_and_ends(self):
        with Deployment() as deployment:
            deployment.start()
            access = deployment.login()["access"]
            deployment.server.freeze()
            with http_client.Connection(deployment.http_port) as connection:
                connection.ask("GET", ME,
                               {"Authorization": "Bearer " + access})
                repeat_until(lambda: self.has_unread(deployment.front_port),
                             "the call's way to the stopped server")
                deployment.gateway.signal(signal.SIGTERM)
                repeat_until(lambda: not self.accepts(deployment.http_port),
                             "the end of listening")
                deployment.server.thaw()
                answer = connection.receive()
                self.assertEqual(200, answer.status)
                self.assertTrue(connection.is_closed())
            self.assertEqual(0, deployment.gateway.wait_end())

    def test_a_second_signal_ends_the_gateway_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number), Deployment() as deployment:
                deployment.start()
                with http_client.Connection(
                        deployment.http_port) as connection:
                    connection.ask("POST", LOGIN, {"Content-Length": "2"})
                    deployment.gateway.signal(number)
                    deployment.gateway.wait_for_event("draining")
                    deployment.gateway.signal(number)
                    self.assertEqual(-number, deployment.gateway.wait_end())

    def has_unread(self, port):
        """Whether bytes wait for the program behind a local TCP port."""
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in list(table)[1:]]
        return any(row[1].endswith(":%04X" % port)
                   and not row[4].endswith(":00000000") for row in rows)

    def accepts(self, port):
        try:
            http_client.Connection(port).close()
            return True
        except OSError:
            return False

    def test_a_gateway_may_start_before_its_server(self):
        with Deployment() as deployment:
            deployment.create().start_gateway(wait_ready=False)
            self.assertEqual(503, deployment.get("/readyz").status)
            deployment.start_server()
            deployment.wait_ready()
            deployment.login()


class FullQueueTest(OutageCase):
    SERVER = {"lanes.hash_threads": 1, "lanes.hash_slots": 1,
              "lanes.hash_queue_max": 1}
    GATEWAY = {}

    def test_a_full_hash_queue_is_unavailable_and_harms_no_reader(self):
        answers = []

        def login():
            answers.append(self.deployment.post(LOGIN, GOOD))

        # One by one until one is refused: how fast this machine hashes and
        # how slowly it starts threads must not matter.
        def storm():
            threads = [threading.Thread(target=login) for _ in range(30)]
            for thread in threads:
                thread.start()
            readers = [self.me().status for _ in range(5)]
            for thread in threads:
                thread.join()
            self.assertEqual([200] * 5, readers)
            return any(answer.status == 503 for answer in answers)
        repeat_until(storm, "a full queue")
        for answer in answers:
            if answer.status == 503:
                self.assert_away(answer)
            else:
                self.assertEqual(200, answer.status, answer)
        self.assertIn(200, {answer.status for answer in answers})
        self.deployment.login()
