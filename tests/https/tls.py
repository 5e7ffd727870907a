"""A gateway that speaks HTTPS, and connections to it."""

import os
import ssl

from tests.support import certificates, http_client, port
from tests.support.deployment import Deployment

NAME = "auth.test"
BASE = "https://auth.test"


class Connection(http_client.Connection):
    """One over TLS; `authority` is who must have signed."""

    def __init__(self, number, authority, version=None, timeout=60):
        super().__init__(number, timeout)
        context = ssl.create_default_context(cafile=authority)
        if version is not None:
            context.minimum_version = version
            context.maximum_version = version
            context.set_ciphers("DEFAULT@SECLEVEL=0")
        try:
            self.sock = context.wrap_socket(self.sock, server_hostname=NAME)
        except BaseException:
            self.close()
            raise


class TlsDeployment(Deployment):
    """A Deployment whose gateway listens for HTTPS as well, under a name."""

    def __init__(self, gateway=None, name=NAME, **more):
        super().__init__(gateway=gateway, **more)
        self.name = name
        self.tls_port = port.choose()
        self.tls_folder = os.path.join(self.folder, "tls")
        os.mkdir(self.tls_folder)
        self.cert = os.path.join(self.tls_folder, "cert.pem")
        self.key = os.path.join(self.tls_folder, "key.pem")
        self.authority = self.renew("first")
        defaults = {"gateway.listen_tls": "127.0.0.1:%d" % self.tls_port,
                    "gateway.tls_cert": self.cert,
                    "gateway.tls_key": self.key,
                    "gateway.public_base": BASE}
        self.gateway_settings = dict(defaults, **self.gateway_settings)

    def renew(self, name, lifetime_s=certificates.DAY_S):
        """Puts a new certificate in the old one's place; its authority."""
        authority = certificates.Authority(self.tls_folder, name)
        cert, key = authority.issue(self.name, use="server",
                                    lifetime_s=lifetime_s)
        os.replace(cert, self.cert)
        os.replace(key, self.key)
        return authority.cert

    def connect(self, authority=None, version=None):
        return Connection(self.tls_port, authority or self.authority, version)

    def ask(self, method, path, headers=(), body=None):
        """One request over HTTPS on a connection of its own."""
        with self.connect() as connection:
            connection.ask(method, path, headers, body)
            return connection.receive()
