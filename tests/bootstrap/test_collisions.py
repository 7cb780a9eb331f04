"""Listeners of the carrier's own in the way of others: the whole table of hosts."""

import pytest

from nfemu.bootstrap.ports import BoundPorts
from nfemu.bootstrap.reload.collisions import Places, refuse_own_ports
from nfemu.model.errors import Conflict
from nfemu.model.identity import Msisdn
from nfemu.settings import load
from tests.journeys.carrier import CONFIG

API, HTTP = "api.port", "proxy.http_port"
BEFORE: Places = {API: ("127.0.0.1", 8600), HTTP: ("127.0.0.1", 0)}
BOUND: Places = {API: ("127.0.0.1", 8600), HTTP: ("127.0.0.1", 40000)}


@pytest.mark.parametrize(
    "wanted",
    [
        {API: ("127.0.0.1", 8600), HTTP: ("127.0.0.1", 8600)},
        {API: ("127.0.0.1", 40000), HTTP: ("127.0.0.1", 8600)},
        {API: ("0.0.0.0", 8600), HTTP: ("127.0.0.1", 0)},
        {API: ("127.0.0.1", 8600), HTTP: ("::", 8600)},
        {API: ("127.0.0.1", 8600), "proxy.subscriber_listeners, 138****8000": ("127.0.0.1", 40000)},
    ],
)
def test_a_port_that_another_listener_has_until_the_switch(wanted: Places) -> None:
    with pytest.raises(Conflict, match=r"held by the carrier's own `.*two reloads"):
        refuse_own_ports(BEFORE, wanted, BOUND)


@pytest.mark.parametrize(
    "wanted",
    [
        BEFORE,
        {API: ("127.0.0.1", 8601), HTTP: ("127.0.0.1", 0)},
        {API: ("127.0.0.1", 8600), HTTP: ("127.0.0.2", 8600)},
        {API: ("127.0.0.1", 0), HTTP: ("127.0.0.1", 8610)},
    ],
)
def test_what_stands_in_nobodys_way(wanted: Places) -> None:
    refuse_own_ports(BEFORE, wanted, BOUND)


def test_every_listener_has_its_place() -> None:
    ports = BoundPorts(1, 2, 3, {Msisdn("8613800138000"): 4})
    assert ports.places(load(CONFIG).carrier) == {
        API: ("127.0.0.1", 1),
        HTTP: ("127.0.0.1", 2),
        "proxy.socks_port": ("127.0.0.1", 3),
        "proxy.subscriber_listeners, 138****8000": ("127.0.0.1", 4),
    }
