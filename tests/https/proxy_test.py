"""Behind a real nginx: who the client is, how it came, what it may do."""

import json
import os
import socket
import subprocess
import threading
import unittest

from tests.contract import held
from tests.contract.limits_test import AMBIGUOUS, SMUGGLED
from tests.https.tls import BASE, Connection, TlsDeployment
from tests.support import http_client, port, process
from tests.support.deployment import EMAIL, PASSWORD

LOGIN = "/api/auth/login/"
HSTS = "Strict-Transport-Security"
NGINX = "/usr/sbin/nginx"

# The edge speaks TLS to clients, the inner one HTTP to the edge; both add
# what they saw. Their own client may come from any address of 127.0.0.0/8.
CONFIGURATION = """
daemon off;
master_process off;
user root root;
worker_processes 1;
error_log stderr error;
pid {folder}/pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream gateway {{ server 127.0.0.1:{gateway}; keepalive 8; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    server {{
        listen 127.0.0.1:{edge} ssl;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        location / {{
            proxy_bind 127.0.0.2;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Connection "";
            proxy_pass http://127.0.0.1:{inner};
        }}
    }}
    server {{
        listen 127.0.0.1:{inner};
        location / {{
            proxy_bind 127.0.0.3;
            proxy_pass http://gateway;
        }}
    }}
    server {{
        listen 127.0.0.1:{standard};
        location / {{
            proxy_bind 127.0.0.3;
            proxy_set_header X-Forwarded-For $http_x_forwarded_for;
            proxy_set_header Forwarded "for=$remote_addr;proto=$scheme";
            proxy_set_header Connection "";
            proxy_pass http://gateway;
        }}
    }}
}}
"""


class Nginx:
    """A proxy of its own in front of a deployment's gateway."""

    def __init__(self, deployment):
        self.folder = os.path.join(deployment.folder, "nginx")
        os.mkdir(self.folder)
        self.edge, self.inner, self.standard = (port.choose()
                                                for _ in range(3))
        name = os.path.join(self.folder, "nginx.conf")
        with open(name, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(
                folder=self.folder, gateway=deployment.http_port,
                edge=self.edge, inner=self.inner, standard=self.standard,
                cert=deployment.cert, key=deployment.key))
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.child = subprocess.Popen(
            [NGINX, "-p", self.folder, "-c", name, "-e", "stderr"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        process.repeat_until(self._listens, "nginx listens")

    def _listens(self):
        if self.child.poll() is not None:
            self.log.seek(0)
            raise process.ProcessFailed("nginx: %r" % self.log.read())
        try:
            for number in (self.edge, self.inner, self.standard):
                socket.create_connection(("127.0.0.1", number)).close()
            return True
        except OSError:
            return False

    def close(self):
        self.child.terminate()
        self.child.wait(60)
        self.log.close()


class ProxyCase(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        settings = {"gateway.behind_tls_proxy": True,
                    "limits.connections_per_address_max": 8}
        settings.update(cls.SETTINGS)
        cls.deployment = TlsDeployment(gateway=settings)
        cls.addClassCleanup(cls.deployment.close)
        cls.deployment.start()
        cls.nginx = Nginx(cls.deployment)
        cls.addClassCleanup(cls.nginx.close)

    def ask(self, number, source="127.0.0.9", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        with http_client.Connection(number, source=source) as client:
            client.ask("GET", "/healthz", headers)
            return client.receive()

    def assert_peer(self, peer, answer):
        """The access log names this client for the answer's request."""
        self.assertEqual(200, answer.status)
        gateway = self.deployment.gateway
        request_id = answer.header("X-Request-Id")
        line = gateway.wait_for(
            lambda p: p.events("request", request_id=request_id), "request")
        self.assertEqual(peer, line[0]["peer"])


class TrustedTest(ProxyCase):
    SETTINGS = {"gateway.trusted_proxies": ["127.0.0.2", "127.0.0.3/32"]}

    def through_edge(self, *request):
        with Connection(self.nginx.edge, self.deployment.authority) as client:
            client.ask(*request)
            return client.receive()

    def test_the_client_is_found_behind_one_proxy(self):
        self.assert_peer("127.0.0.9", self.ask(self.nginx.inner))

    def test_the_client_is_found_behind_two_proxies(self):
        self.assert_peer("127.0.0.1",
                         self.through_edge("GET", "/healthz"))

    def test_what_the_client_says_of_itself_is_not_believed(self):
        self.assert_peer("127.0.0.9", self.ask(
            self.nginx.inner, X_Forwarded_For="192.0.2.66",
            Forwarded="for=192.0.2.66"))
        self.assert_peer("127.0.0.9", self.ask(
            self.nginx.inner, X_Forwarded_For="192.0.2.66, 127.0.0.2"))
        self.assert_peer("127.0.0.1", self.through_edge(
            "GET", "/healthz", {"X-Forwarded-For": "192.0.2.66"}))
        answer = self.ask(self.deployment.http_port,
                          X_Forwarded_For="192.0.2.66",
                          X_Forwarded_Proto="http")
        self.assert_peer("127.0.0.9", answer)
        # gateway.behind_tls_proxy still says how it came.
        self.assertEqual("max-age=31536000", answer.header(HSTS))

    def pour(self, data):
        """Sends bytes to the inner proxy and takes what comes to the end."""
        with http_client.Connection(self.nginx.inner) as client:
            client.send(data)
            client.sock.shutdown(socket.SHUT_WR)
            try:
                while client.sock.recv(65536):
                    pass
            except ConnectionError:
                pass

    def test_nothing_ambiguous_leaves_an_answer_for_the_next_client(self):
        # What comes first may be nginx's own answer, which nobody describes.
        held.ABANDONED[self.deployment.http_port] = 2 * len(AMBIGUOUS)
        for name, request in AMBIGUOUS.items():
            with self.subTest(name=name):
                self.pour(request + SMUGGLED)
                # The proxy keeps eight connections: each is asked.
                for number in range(8):
                    path = "/next/%d/" % number
                    with http_client.Connection(self.nginx.inner) as client:
                        client.ask("GET", path)
                        answer = client.receive()
                    self.assertEqual(404, answer.status)
                    self.assertEqual(path, self.path_of(answer))

    def path_of(self, answer):
        """The path that the access log has for an answer."""
        ident = answer.header("X-Request-Id")
        line = self.deployment.gateway.wait_for(
            lambda p: p.events("request", request_id=ident), "request")
        return line[0]["path"]

    def test_the_scheme_is_that_of_the_client(self):
        answer = self.through_edge("GET", "/healthz")
        self.assertEqual("max-age=31536000", answer.header(HSTS))
        answer = self.ask(self.nginx.inner, X_Forwarded_Proto="http")
        self.assertIsNone(answer.header(HSTS))

    def test_a_login_through_both_is_answered(self):
        body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
        answer = self.through_edge(
            "POST", LOGIN, {"Content-Type": "application/json"}, body)
        self.assertEqual(200, answer.status)
        self.assertTrue(answer.json()["access"])

    def test_the_server_learns_the_real_clients_address(self):
        body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
        with http_client.Connection(self.nginx.inner,
                                    source="127.0.0.23") as client:
            client.ask("POST", LOGIN, {"Content-Type": "application/json"},
                       body)
            access = client.receive().json()["access"]
        sessions = self.deployment.get(
            "/api/auth/sessions/",
            {"Authorization": "Bearer " + access}).text()
        self.assertIn("127.0.0.23", sessions)
        self.assertNotIn("127.0.0.3", sessions)

    def test_more_clients_than_an_address_may_have_come_through_a_proxy(self):
        """32 at once from as many addresses, where one may have 8."""
        answers = []

        def work(source):
            answers.append(self.ask(self.nginx.inner, source).status)

        threads = [threading.Thread(target=work, args=("127.0.1.%d" % i,))
                   for i in range(1, 33)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([200] * 32, answers)


class PerClientTest(ProxyCase):
    SETTINGS = {"gateway.trusted_proxies": ["127.0.0.0/8"],
                "limits.connections_per_address_max": 2}

    def hold(self, address):
        """A request in progress: its head is there, its body is not."""
        connection = http_client.Connection(self.deployment.http_port)
        connection.ask("POST", LOGIN, {
            "Content-Type": "application/json", "Content-Length": "2",
            "X-Forwarded-For": address, "Expect": "100-continue"})
        self.assertEqual(100, connection.receive_interim())
        return connection

    def test_requests_in_progress_are_limited_by_the_real_client(self):
        address = {"X_Forwarded_For": "192.0.2.1"}
        kept = [self.hold("192.0.2.1") for _ in range(2)]
        try:
            refused = self.ask(self.deployment.http_port, **address)
            self.assertEqual(503, refused.status)
            self.assertEqual("1", refused.header("Retry-After"))
            other = self.ask(self.deployment.http_port,
                             X_Forwarded_For="192.0.2.2")
            self.assert_peer("192.0.2.2", other)
        finally:
            for connection in kept:
                connection.close()
        process.repeat_until(
            lambda: self.ask(self.deployment.http_port,
                             **address).status == 200, "a free place")


class StandardTest(ProxyCase):
    SETTINGS = {"gateway.trusted_proxies": ["127.0.0.3"],
                "gateway.proxy_header": "forwarded"}

    def test_the_standard_header_is_read_and_the_other_ignored(self):
        answer = self.ask(self.nginx.standard, X_Forwarded_For="192.0.2.66",
                          X_Forwarded_Proto="https")
        self.assert_peer("127.0.0.9", answer)
        self.assertIsNone(answer.header(HSTS))


class UntrustedTest(ProxyCase):
    SETTINGS = {"gateway.trusted_proxies": ["127.0.0.77"]}

    def test_other_proxies_are_clients_like_any(self):
        self.assert_peer("127.0.0.3", self.ask(self.nginx.inner))
