import socket

import pytest

from nfemu.gateway.listeners import ListenerPlan, Listeners
from nfemu.model.errors import Conflict, InvalidInput
from tests.gateway.samples import line

A, B = line().msisdn, line(1).msisdn


def reachable(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address).close()
    except ConnectionRefusedError:
        return False
    return True


def test_listeners_come_stay_and_go() -> None:
    first = Listeners.bind(ListenerPlan("127.0.0.1", 0, 0, {A: 0}))
    of_a = first.addresses().lines[A]
    second = first.rebind(ListenerPlan("127.0.0.1", 0, 0, {A: 0, B: 0}))
    assert second.http is first.http
    assert second.lines[A] is first.lines[A]
    third = second.rebind(ListenerPlan("127.0.0.1", 0, 0, {B: 0}))
    second.close_all_but(third)
    addresses = third.addresses()
    assert not reachable(of_a)
    assert all(reachable(address) for address in (addresses.http, addresses.socks, addresses.lines[B]))
    third.close_all_but()
    assert not any(reachable(address) for address in (addresses.http, addresses.socks, addresses.lines[B]))


def test_a_port_in_use_names_the_setting_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=rf"port `{port}` on 127\.0\.0\.1 is in use.*`proxy\.socks_port`"):
            Listeners.bind(ListenerPlan("127.0.0.1", 0, port, {}))
        listeners = Listeners.bind(ListenerPlan("127.0.0.1", 0, 0, {}))
        with pytest.raises(Conflict, match=r"proxy\.subscriber_listeners, 138\*\*\*\*8001"):
            listeners.rebind(ListenerPlan("127.0.0.1", 0, 0, {A: 0, B: port}))
        listeners.close_all_but()


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"`192\.0\.2\.1`.*`proxy\.http_port`"):
        Listeners.bind(ListenerPlan("192.0.2.1", 0, 0, {}))
    with pytest.raises(InvalidInput, match=r"`nonsense`"):
        Listeners.bind(ListenerPlan("nonsense", 0, 0, {}))


def test_ipv6() -> None:
    listeners = Listeners.bind(ListenerPlan("::1", 0, 0, {}))
    assert reachable(listeners.addresses().http)
    listeners.close_all_but()
