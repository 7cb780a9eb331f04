"""Policies, lines and packets of the compiler's tests: a small universe, every packet of which is tried."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address

from hypothesis import strategies as st

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, Hours, Limits, PolicyProfile, Verdict
from nfemu.policy.compile.ports import http_ports
from nfemu.policy.compile.steering import Packet, Steering, SteeringPlan, Way
from nfemu.policy.compile.table import State
from nfemu.policy.compile.table import Verdict as Ends
from nfemu.policy.compile.updates import LineAddresses
from nfemu.policy.rules import PolicySet
from tests.policy.compile.plane import ICMP, ICMP6, LOCAL, TCP, UDP, End, Seen
from tests.policy.making import LANDING, NOW

PLAN = SteeringPlan()
LINE = LineAddresses(IPv4Address("10.45.0.2"), IPv6Network("2001:db8:4500:2::/64"))
OTHER = LineAddresses(IPv4Address("10.45.0.3"), IPv6Network("2001:db8:4500:3::/64"))

NAMES = ("portal.carrier.example", "pay.test", "a.pay.test", "news.example")
TARGETS = tuple(
    map(
        ip_address,
        (
            "198.18.0.1",
            "198.51.100.9",
            "198.51.100.200",
            "203.0.113.7",
            "100.100.0.5",
            "2001:2::1",
            "2001:db8:9::1",
            "2001:db8:7::1",
            "fd53:696e:6b00::5",
            "::ffff:198.51.100.9",
            "::198.51.100.9",
            "fec0::9",
        ),
    )
)
PORTS = (22, 53, 80, 443, 5432, 8080)
NETWORKS = ("198.51.100.0/24", "198.51.100.128/25", "198.51.100.9", "2001:db8:9::/48", "2001:db8::/32", "0.0.0.0/2")

_HOURS = Hours(time(8), time(20))


def _group(number: int) -> st.SearchStrategy[DestinationGroup]:
    return st.builds(
        DestinationGroup,
        st.just(GroupName(f"g{number}")),
        st.lists(st.sampled_from(("portal.carrier.example", ".pay.test", "*.pay.test")), max_size=2).map(tuple),
        st.lists(st.sampled_from(NETWORKS), max_size=3).map(tuple),
        st.sampled_from(((), (80,), (443,), (8080,), (80, 8080), (80, 443, 8080))),
        st.booleans(),
        st.just(""),
        st.sampled_from((None, None, _HOURS)),
    )


def _raw_group(number: int) -> st.SearchStrategy[DestinationGroup]:
    """Of networks only, on ports that carry no name."""
    networks = st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3).map(tuple)
    ports = st.sampled_from(((22,), (5432,), (22, 443, 5432)))
    hours = st.sampled_from((None, _HOURS))
    name = st.just(GroupName(f"g{number}"))
    return st.builds(DestinationGroup, name, st.just(()), networks, ports, st.just(False), st.just(""), hours)


_PAGE = DestinationGroup(GroupName("page"), ("portal.carrier.example",), trusted=True)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[DestinationGroup], list[PolicyProfile]]:
    """Groups and profiles; some of them contradict themselves."""
    groups = [_PAGE, draw(_group(1)), draw(_group(2)), draw(_raw_group(3)), draw(_raw_group(4))]
    profiles = []
    for number, default in enumerate(
        (Verdict.ALLOW, *draw(st.lists(st.sampled_from(Verdict), min_size=1, max_size=2)))
    ):
        redirected = default is Verdict.REDIRECT
        allow = draw(st.lists(st.sampled_from([one.name for one in groups[1:]]), unique=True))
        names = (_PAGE.name, *allow) if redirected else tuple(allow)
        redirect_to = LANDING if redirected else None
        limits = Limits(daily_cap=draw(st.sampled_from((0, 1000))))
        essential = tuple(draw(st.lists(st.sampled_from(names), unique=True))) if names else ()
        profiles.append(PolicyProfile(PolicyName(f"p{number}"), default, names, redirect_to, limits, essential))
    return groups, profiles


TOLD = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(TARGETS[:9])),
    st.integers(-2, 3).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    max_size=4,
)
HOURS_AT = st.sampled_from((None, NOW.replace(hour=12), NOW.replace(hour=22)))


def packets() -> Iterator[Packet]:
    """The first packets of every flow that a line can begin; to phones and the core, of some."""
    for target in TARGETS:
        yield Packet(target, Transport.OTHER)
        for port in PORTS:
            yield Packet(target, Transport.TCP, port)
            yield Packet(target, Transport.UDP, port)
    for way in (Way.PHONE, Way.CORE):
        for port in PORTS:
            yield Packet(TARGETS[1], Transport.TCP, port, way)
        yield Packet(TARGETS[6], Transport.UDP, 443, way)


def seen(packet: Packet, line: LineAddresses = LINE, interface: str = "ue1") -> Seen:
    """The packet on the wire, from that line on that interface."""
    version = packet.target.version
    assert line.ipv4 is not None
    assert line.ipv6 is not None
    source = line.ipv4 if version == 4 else line.ipv6[0x77]
    out_to = {Way.OUTSIDE: PLAN.outside, Way.PHONE: "ue2", Way.CORE: LOCAL}[packet.way]
    other = ICMP if version == 4 else ICMP6
    protocol = {Transport.TCP: TCP, Transport.UDP: UDP, Transport.OTHER: other}[packet.transport]
    return Seen(interface, out_to, source, packet.target, protocol, 40000, packet.port, icmp6_type=128)


def back(sent: Seen) -> Seen:
    """The answer to it, from the Internet."""
    return replace(
        sent,
        in_from=sent.out_to,
        out_to=sent.in_from,
        source=sent.target,
        target=sent.source,
        from_port=sent.to_port,
        to_port=sent.from_port,
        icmp6_type=129,
        state=State.ESTABLISHED,
    )


def told(end: End) -> Steering:
    """The fake plane's answer in the words of the specification."""
    ports = PLAN.ports
    places = {
        ports.dns: Steering.DNS,
        ports.engine: Steering.ENGINE,
        ports.responder: Steering.RESPONDER,
        ports.gate: Steering.GATE,
    }
    if end.verdict is Ends.ACCEPT:
        return places[end.port] if end.port else Steering.FORWARD
    return Steering.DROP if end.verdict is Ends.DROP else Steering.REFUSE


def names_it_may_carry(policies: PolicySet, packet: Packet) -> Iterator[Destination]:
    """Everything that the first bytes of the flow may turn out to ask for, as enforcement points tell `decide`."""
    yield Destination(None, packet.target, packet.port, packet.transport, Scheme.RAW)
    if packet.transport is not Transport.TCP:
        return
    scheme = None
    if packet.port in PLAN.tls_ports:
        scheme = Scheme.HTTPS
    elif packet.port in http_ports(policies, PLAN):
        scheme = Scheme.HTTP
        yield Destination(None, packet.target, packet.port, packet.transport, Scheme.HTTP)
    if scheme is not None:
        for name in NAMES:
            yield Destination(name, packet.target, packet.port, packet.transport, scheme)
