"""The deployments in which the conditions can be met."""

import atexit
import os
import shutil
import tempfile

from tests.contract import route_rows
from tests.contract.world import World
from tests.support import process
from tests.support.deployment import Deployment
from tests.support.fake_server import FakeServer

DAY_S = 86400

# What only an ill server says, or one that signed what ours never signs: a
# refresh token without these claims. (code, reason, subject)
FAKED = {
    "internal": (13, 0, 0),
    "TOKEN_NO_TYPE": (16, 64, 1),
    "TOKEN_NO_ID": (16, 65, 1),
    "TOKEN_NO_EXPIRY": (16, 66, 1),
}


def faked(condition):
    """The status of an RPC that means a condition."""
    code, reason, subject = FAKED[condition]
    return {"code": code, "reason": reason, "subject": subject}


class Worlds:
    """The deployments that the cases need, each made when first needed."""

    def __init__(self):
        self.made = {}
        self.ills = {}
        self.fakes = []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self.made:
            self.made[name] = getattr(self, "_make_" + name)()
        return self.made[name]

    def close(self):
        for world in (*self.made.values(), *self.ills.values()):
            world.close()
        for fake in self.fakes:
            fake.close()

    def _make_open(self):
        world = World(gateway={"gateway.swagger_ui_dir": self._swagger_ui()})
        world.must(200, "PATCH", "/api/auth/users/me/", {}, world.ada)
        world.pat = world.register()
        world.stan = world.staff()
        world.ended = route_rows.ended(world)
        world.gone = route_rows.gone(world)
        world.inactive = route_rows.inactive(world)
        return world

    @staticmethod
    def _swagger_ui():
        """A folder with the names of Swagger UI's files."""
        folder = tempfile.mkdtemp(dir="/tmp")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name in ("swagger-ui-bundle.js", "swagger-ui.css",
                     "favicon-32x32.png"):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(name.encode())
        return folder

    def _make_alone(self):
        """Trusts no issuer."""
        return World(server={"federation.google_audiences": ""})

    def _make_closed(self):
        return World(server={"registration.mode": "closed"})

    def _make_strict(self):
        """Nobody enters unverified, and nobody may try twice."""
        return World(server={
            "registration.mode": "verify",
            "throttles.login_account": "1/3600",
            "throttles.login_device": "1/3600",
            "throttles.login_address": "1/3600",
            "throttles.register_address": "1/3600",
            "throttles.old_password": "1/3600",
            "throttles.own_changes": "1/3600"})

    def _make_verify(self):
        return World(server={"registration.mode": "verify"})

    def _make_aged(self):
        """Eight days after everything in it was made."""
        world = World()
        world.old = world.register()
        world.old_verify_token = route_rows.verify_token(world, world.old)
        world.old_reset_parts = route_rows.reset_parts(world, world.old)
        world.deployment.age(8 * DAY_S)
        return world

    def _make_away(self):
        """A gateway whose server never starts."""
        deployment = Deployment().create()
        return deployment.start_gateway(wait_ready=False)

    def ill(self, condition):
        """A gateway whose server answers everything alike; one of FAKED."""
        if condition not in self.ills:
            self.ills[condition] = self._make_ill(condition)
        return self.ills[condition]

    def _make_ill(self, condition):
        fake = FakeServer()
        self.fakes.append(fake)
        deployment = Deployment(gateway={"server.url": "ipc://" + fake.path})
        deployment.create().start_gateway(wait_ready=False)
        fake.status = faked("internal")
        process.repeat_until(
            lambda: deployment.get("/.well-known/jwks.json").status == 500,
            "an answer of the fake server")
        fake.status = faked(condition)
        return deployment
