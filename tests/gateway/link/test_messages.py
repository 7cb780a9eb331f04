from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from nfemu.gateway.link.messages import (
    Ack,
    Blocked,
    BlockedLine,
    Failure,
    FromControl,
    FromPoint,
    Granted,
    Hello,
    Hours,
    Line,
    Lines,
    LinkError,
    Origin,
    Ready,
    Refused,
    Renew,
    Resolve,
    Resolved,
    Role,
    Rules,
    Serve,
    Staged,
    Unresolved,
    Welcome,
    dump_control,
    dump_point,
    load_control,
    load_point,
)
from nfemu.gateway.ports import Direct, Emulated, Route, UeAddress, Upstream
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sealer import TokenKey
from tests.gateway.samples import ARREARS, OPEN, PORTAL, line

RULES = RuleSource(
    (PORTAL,),
    (OPEN, ARREARS),
    aliases=("MSISDN",),
    pseudonym_key=bytes(range(256)),
    token_keys=(TokenKey("k", b"\xff"),),
)
UPSTREAM = Upstream("localhost", 9000, True, False, UeAddress.PROXY2)
ROUTES = [
    Route((IPv4Address("198.18.0.1"), IPv6Address("2001:2::1")), Emulated(), Emulated()),
    Route((IPv4Address("192.0.2.1"),), Direct(), Direct(), (IPv4Address("192.0.2.2"),)),
    Route((), UPSTREAM, Emulated()),
]


@pytest.mark.parametrize(
    "message",
    [
        Hello("token", Role.ADDON, "mitmproxy"),
        Ready(),
        Ack(3),
        Renew(4),
        Resolve(5, "news.example"),
        Blocked((BlockedLine(line().msisdn, 7),)),
    ],
)
def test_what_points_say_arrives(message: FromPoint) -> None:
    assert load_point(dump_point(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        Welcome(2.0, Origin(Path("/s/origin.sock"), b"\x00\xff")),
        Refused("no"),
        Rules(1, RULES),
        Hours(2, datetime.fromisoformat("2026-11-02T08:00:00+08:00")),
        Staged((line(),)),
        Lines((line(), line(1, policy=None))),
        Line(2, line()),
        Serve(3),
        Granted(4),
        Unresolved(5, 1.5, Failure.NOT_FOUND, "`x` does not exist"),
        *(Resolved.of(6, route, 30.0) for route in ROUTES),
    ],
)
def test_what_the_control_process_says_arrives(message: FromControl) -> None:
    assert load_control(dump_control(message)) == message


@pytest.mark.parametrize("route", ROUTES)
def test_routes_keep_their_targets(route: Route) -> None:
    assert Resolved.of(1, route, 1.0).route() == route


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"kind":"ack"}', b'{"kind":"ack","seq":"x"}', b'{"kind":"serve","seq":1}']
)
def test_nonsense_of_a_point_is_a_link_error(data: bytes) -> None:
    with pytest.raises(LinkError):
        load_point(data)


def test_errors_do_not_repeat_what_arrived() -> None:
    with pytest.raises(LinkError) as caught:
        load_point(b'{"kind":"hello","token":["geheim"],"role":"worker","software":"x"}')
    assert "geheim" not in str(caught.value)


def test_a_malformed_identity_is_a_link_error() -> None:
    data = dump_control(Line(1, line())).replace(b"8613800138000", b"x")
    with pytest.raises(LinkError):
        load_control(data)


def test_the_token_is_not_shown() -> None:
    assert "geheim" not in repr(Hello("geheim", Role.WORKER, "x"))
    assert "geheim" not in repr(Origin(Path("x"), b"geheim"))
