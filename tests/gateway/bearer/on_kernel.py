"""The cases of `test_kernel.py`: `python -m tests.gateway.bearer.on_kernel CASE` in namespaces of its own."""

import sys
from datetime import timedelta
from ipaddress import ip_address

from nfemu.model.destination import IpAddress, Transport
from nfemu.model.errors import Unavailable
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Verdict
from nfemu.policy.compile.compiler import compile_table
from nfemu.policy.compile.render import render_batch, render_table
from nfemu.policy.compile.steering import Packet, Way
from nfemu.policy.compile.table import Batch
from nfemu.policy.compile.table import Verdict as Ends
from nfemu.policy.compile.updates import (
    SteeredLine,
    bind,
    change_line,
    every_line,
    lead,
    named_ports,
    plug,
    trust,
    unplug,
)
from nfemu.policy.rules import PolicySet
from tests.gateway.bearer.lab import GATEWAY4, GATEWAY6, Lab, patience
from tests.policy.compile.plane import End, Plane
from tests.policy.compile.worlds import LINE, OTHER, PLAN, PORTS, TARGETS, seen
from tests.policy.making import LANDING, NOW, group, profile

OPEN, ARREARS = PolicyName("open"), PolicyName("arrears")
POLICIES = PolicySet.build(
    (
        group("portal", "portal.carrier.example", trusted=True),
        group("payment", "pay.test"),
        group("office", networks=("198.51.100.0/24", "2001:db8:9::/48")),
        group("trusted-net", networks=("198.51.100.200",), trusted=True),
        group("database", networks=("198.51.100.128/25", "2001:db8:9::1"), ports=(5432,)),
    ),
    (
        profile("open", Verdict.ALLOW, "portal"),
        profile("arrears", Verdict.REDIRECT, "portal", "payment", "office", "database", redirect_to=LANDING),
        profile("closed", Verdict.REJECT, "trusted-net"),
    ),
)
BINDINGS = {("portal.carrier.example", TARGETS[0]): NOW + timedelta(hours=1)}
BINDINGS |= {("pay.test", TARGETS[5]): NOW + timedelta(hours=1)}
TABLE = compile_table(POLICIES, PLAN)
OPEN_ONLY = profile("open", Verdict.ALLOW, "portal")
ALL_PORTS = (*PORTS, PLAN.ports.responder)


class Both:
    """The kernel and the fake plane, told the same."""

    def __init__(self) -> None:
        ports = PLAN.ports
        core = (ports.dns, ports.engine, ports.responder, ports.gate, 5432)
        self.lab = Lab(ALL_PORTS, core)
        self.plane = Plane(TABLE, NOW)
        self.lab.nft.run(render_table(TABLE))
        self.apply(plug("ue1", LINE))
        self.apply(plug("ue2", OTHER))
        for target in (TARGETS[0], TARGETS[5]):
            self.apply(bind(LINE, target, BINDINGS, NOW))
        self.apply(trust(POLICIES, PLAN, "portal.carrier.example", TARGETS[0], None))
        self.apply(lead(TARGETS[0], named_ports(POLICIES, PLAN, "portal.carrier.example"), None))
        self.apply(lead(TARGETS[7], named_ports(POLICIES, PLAN, "pay.test"), 3600))

    def apply(self, batch: Batch) -> None:
        self.plane.apply(batch)
        self.lab.nft.run(render_batch(batch))

    def same(self, packet: Packet) -> None:
        meant = _meant(self.plane.enter(seen(packet)), packet)
        real = self._send(packet, patience(meant))
        assert real == meant, (packet, real, meant)

    def _send(self, packet: Packet, within_s: float) -> str:
        match packet.transport:
            case Transport.TCP:
                return self.lab.tcp(packet.target, packet.port, within_s=within_s)
            case Transport.UDP:
                return self.lab.udp(packet.target, packet.port, within_s=within_s)
            case _:
                return self.lab.ping(packet.target, within_s)


def _meant(end: End, packet: Packet) -> str:
    match end:
        case End(Ends.ACCEPT, port) if port:
            return f"core:{port}"
        case End(Ends.ACCEPT):
            return f"inet:{packet.port}"
        case End(Ends.RESET):
            return "reset"
        case End(Ends.PROHIBIT):
            return "prohibited"
        case _:
            return "silent"


def _targets() -> list[tuple[IpAddress, Way]]:
    outside = [(target, Way.OUTSIDE) for target in (*TARGETS[:9], *TARGETS[10:])]
    phone = [(ip_address("10.45.0.3"), Way.PHONE), (ip_address("2001:db8:4500:3::1"), Way.PHONE)]
    return [*outside, *phone, (ip_address(GATEWAY4), Way.CORE), (ip_address(GATEWAY6), Way.CORE)]


def equality() -> None:
    """Every packet of the universe under every profile ends as in the fake plane."""
    both = Both()
    before = None
    for policy in (None, *POLICIES.names):
        line = SteeredLine(LINE, policy)
        both.apply(change_line(before, line))
        before = line
        for target, way in _targets():
            both.same(Packet(target, Transport.OTHER, 0, way))
            for port in ALL_PORTS:
                both.same(Packet(target, Transport.TCP, port, way))
                both.same(Packet(target, Transport.UDP, port, way))


def spoofing() -> None:
    """A line sends from its own address and from anything in its /64, on its own interface; all else is dropped."""
    both = Both()
    both.apply(change_line(None, SteeredLine(LINE, OPEN)))
    both.apply(change_line(None, SteeredLine(OTHER, OPEN)))
    lab = both.lab
    for target, source, answer in (
        (TARGETS[3], "10.45.0.2", "inet:80"),
        (TARGETS[3], "10.45.0.3", "silent"),
        (TARGETS[7], "2001:db8:4500:2:1234::5", "inet:80"),
        (TARGETS[7], "2001:db8:4500:3::5", "silent"),
        (TARGETS[7], "2001:2::1", "silent"),
    ):
        address = ip_address(source)
        if source != "10.45.0.2":
            lab.take(address)
        within_s = patience(answer)
        assert lab.tcp(target, 80, address, within_s) == answer, source
        assert lab.udp(target, 80, address, within_s) == answer, source
        assert lab.udp(target, 53, address, within_s) == ("core:53" if answer != "silent" else answer), source


def flip() -> None:
    """Open flows follow the line's profile: what it forbids ends at the next packet, what it allows goes on."""
    both = Both()
    opened, restricted = SteeredLine(LINE, OPEN), SteeredLine(LINE, ARREARS)
    both.apply(change_line(None, opened))
    for target, allowed in ((TARGETS[3], False), (TARGETS[2], True), (TARGETS[7], False), (TARGETS[6], True)):
        flows = [both.lab.flow(target, 5432) for _ in range(3)]
        both.apply(change_line(opened, restricted))
        first, second, third = flows
        assert first.upwards() is allowed, target
        assert second.downwards() is allowed, target
        assert second.upwards() is allowed, target
        both.apply(change_line(restricted, opened))
        assert third.upwards(), target
        assert third.downwards(), target


def detached() -> None:
    """Of a line that is detached not even steered flows go on."""
    both = Both()
    restricted = SteeredLine(LINE, ARREARS)
    both.apply(change_line(None, restricted))
    steered = both.lab.steered_flow(TARGETS[3], 80, PLAN.ports.responder)
    assert steered.upwards()
    both.apply(change_line(restricted, None))
    assert not steered.upwards()
    assert both.lab.udp(TARGETS[3], 53) == "prohibited"


def reload() -> None:
    """Other rules under the same lines: elements and flows stay, chains of profiles that are gone do not."""
    both = Both()
    opened = SteeredLine(LINE, OPEN)
    both.apply(change_line(None, opened))
    flow = both.lab.flow(TARGETS[3], 5432)
    fewer = PolicySet.build((group("portal", "portal.carrier.example", trusted=True),), (OPEN_ONLY,))
    both.lab.nft.run(render_table(compile_table(fewer, PLAN), TABLE))
    assert flow.upwards()
    assert both.lab.tcp(TARGETS[0], 80) == "core:8080"
    listed = both.lab.nft.run("list table inet nfemu")
    assert "steer_open" in listed
    assert "arrears" not in listed
    both.apply(change_line(opened, SteeredLine(LINE, ARREARS)))
    assert not flow.upwards()
    assert both.lab.tcp(TARGETS[0], 80) == "reset"


def stamped() -> None:
    """A flow that was judged goes on without its profile's chains, until the line has another one; HTTP does not."""
    both = Both()
    opened = SteeredLine(LINE, OPEN)
    both.apply(change_line(None, opened))
    targets = (TARGETS[3], TARGETS[7])
    flows = [both.lab.flow(target, 5432) for target in targets]
    pages = [both.lab.flow(target, 80) for target in targets]
    for way in ("up", "down"):
        both.lab.nft.run(f"flush chain inet nfemu {way}_open\nadd rule inet nfemu {way}_open goto refuse_{way}\n")
    assert all(flow.upwards() and flow.downwards() for flow in flows)
    assert not any(page.upwards() for page in pages)
    both.apply(change_line(opened, SteeredLine(LINE, ARREARS)))
    assert not any(flow.upwards() for flow in flows)


def prefix() -> None:
    """A line is steered whatever it takes from its /64."""
    both = Both()
    both.apply(change_line(None, SteeredLine(LINE, ARREARS)))
    for host in range(3):
        address = ip_address(f"2001:db8:4500:2::1:{host}")
        both.lab.take(address)
        assert both.lab.tcp(TARGETS[6], 80, address) == "core:8080"


def elements() -> None:
    """What the kernel has after each batch, and after one that fails."""
    both = Both()
    nft = both.lab.nft
    until = {("a.test", TARGETS[3]): NOW + timedelta(hours=2)}
    for hours in (1, 3):
        until["b.test", TARGETS[3]] = NOW + timedelta(hours=hours)
        both.apply(bind(LINE, TARGETS[3], until, NOW))
    assert "10.45.0.2 . 203.0.113.7 timeout 3h expires" in nft.run("list set inet nfemu bound4")
    both.apply(every_line([SteeredLine(LINE, OPEN), SteeredLine(OTHER, None)]))
    before = nft.run("list map inet nfemu policy4")
    assert "10.45.0.2 : " in before
    assert "10.45.0.3" not in before
    attach = change_line(None, SteeredLine(OTHER, OPEN))
    try:
        nft.run(render_batch((*attach, *change_line(SteeredLine(OTHER, OPEN), None), *unplug("ue3", OTHER))))
    except Unavailable:
        assert nft.run("list map inet nfemu policy4") == before
    else:
        raise AssertionError("there is no such interface")
    nft.run(render_batch(attach))
    both.apply(unplug("ue1", LINE))
    assert both.lab.tcp(TARGETS[3], 80, within_s=patience("silent")) == "silent"


def scan() -> None:
    """From a restricted line nothing arrives beyond what its policy forwards by address: here, port 5432."""
    both = Both()
    opened, restricted = SteeredLine(LINE, OPEN), SteeredLine(LINE, ARREARS)
    arrived = both.lab.count_arrivals()
    both.apply(change_line(None, opened))
    both.lab.scan(TARGETS[3])
    assert arrived() > 2 * 65_000
    both.apply(change_line(opened, restricted))
    before = arrived()
    for target in (TARGETS[0], TARGETS[3], TARGETS[4], TARGETS[5]):
        both.lab.scan(target)
    assert arrived() == before
    assert both.lab.tcp(TARGETS[2], 5432) == "inet:5432"
    assert arrived() > before


CASES = {case.__name__: case for case in (equality, spoofing, flip, detached, reload, stamped, prefix, elements, scan)}

if __name__ == "__main__":
    CASES[sys.argv[1]]()
