"""Holds whatever comes back in a test to /openapi.json: importing this is
enough. It looks at every answer that tests/support/http_client.py receives,
and at a deployment's end at its access log, so that none has been missed."""

from tests.support import deployment, http_client
from tests.support.description import Description

# What is allowed: by the shipped profiles, or by those of the gateway that a
# port is named here for.
SHIPPED = Description.of_gateway()
DESCRIBED = {}

# The ids of the answers that were allowed, and how many answers of the gateway
# at a port a test does not wait for.
IDS = set()
ABANDONED = {}


def hold(port, method, path, answer):
    """Raises NotDescribed if an answer is not what is described."""
    DESCRIBED.get(port, SHIPPED).hold(method, path, answer)
    IDS.add(answer.header("X-Request-Id"))


def account_for(ended):
    """Fails if a deployment's access log has an answer that was not held."""
    if ended.gateway is None:
        return
    missed = [line for line in ended.gateway.events("request")
              if line["request_id"] not in IDS]
    if len(missed) > ABANDONED.get(ended.http_port, 0):
        raise AssertionError("not held to /openapi.json: %s" % missed)


http_client.OBSERVERS.append(hold)
deployment.OBSERVERS.append(account_for)
