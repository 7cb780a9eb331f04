"""What the traffic scripts share: the phone that they speak for, and what came as a table with a verdict.

Each script says what it expects of an open and of a restricted line, and exits with status 1 where the network answers
otherwise, 2 where it cannot be asked: they send packets of the line's own, so they need an IP bearer.
"""

import argparse
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scapy.arch import get_if_addr
from scapy.config import conf
from scapy.layers.inet import ICMP, TCP
from scapy.layers.inet6 import ICMPv6DestUnreach
from scapy.packet import Packet
from scapy.sendrecv import send, sniff, sr1

LINE = "wwan0"
"""The phone's interface."""
GATEWAY6 = "fe80::1"
SITE, PORTAL = "news.example", "portal.carrier.example"
PROHIBITED, RESET, ACCEPTED, SILENCE = "prohibited", "reset", "accepted", "silence"
UNREACHABLE = 3
_IPV6_PROHIBITED, _IPV4_PROHIBITED = 1, 13
WAIT_S = 0.7


@dataclass(frozen=True)
class Row:
    """`expected`: what comes is one of these."""

    sent: str
    came: str
    expected: tuple[str, ...]

    @property
    def fits(self) -> bool:
        return self.came in self.expected


def main(rows: Callable[[bool], list[Row]], about: str | None) -> None:
    """Send, print, exit. `rows` is told whether a restricted line is expected."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--expect", choices=("open", "restricted"), required=True, help="the line's state")
    restricted = parser.parse_args().expect == "restricted"
    if not Path("/sys/class/net", LINE).exists():
        print("this needs an IP bearer: run it with `nfemu exec NUMBER -- ` where access is by bearer", file=sys.stderr)
        sys.exit(2)
    conf.verb = 0
    _know_the_way()
    sys.exit(report(rows(restricted)))


def _know_the_way() -> None:
    """A phone's address is a network of its own, with a gateway that is on its link and answers no ARP, nor neighbour
    solicitations that come from a global address.

    The kernel has been told so; scapy, which routes by itself, has to be told as well.
    """
    own = get_if_addr(LINE)
    conf.route.routes = [(net, mask, gateway, via, own, cost) for net, mask, gateway, via, _, cost in conf.route.routes]
    conf.route.invalidate_cache()
    for line in Path("/proc/net/arp").read_text().splitlines()[1:]:
        gateway, _, _, hardware, *_ = line.split()
        conf.netcache.arp_cache[gateway] = hardware  # type: ignore[attr-defined]  # added at run time
        conf.netcache.in6_neighbor[GATEWAY6] = hardware  # type: ignore[attr-defined]  # one gateway for both


def report(rows: list[Row]) -> int:
    """Print a line each; the exit status."""
    width = max(len(row.sent) for row in rows)
    for row in rows:
        note = "" if row.fits else f"  UNEXPECTED: {' or '.join(row.expected)}"
        print(f"{row.sent.ljust(width)}  {row.came}{note}")
    return 0 if all(row.fits for row in rows) else 1


def address(name: str, family: socket.AddressFamily = socket.AF_INET) -> str:
    """As the line's DNS tells it; raises OSError."""
    return str(socket.getaddrinfo(name, None, family)[0][4][0])


def knock(packet: Packet) -> str:
    """Send one packet and say what came back."""
    return verdict(sr1(packet, timeout=WAIT_S))


def heard_after(packets: Packet | list[Packet], target: str) -> str:
    """Send them and say what came from there, or as an error from anywhere; of packets that scapy cannot match."""
    came = sniff(
        iface=LINE,
        lfilter=lambda one: _is_back(one, target),
        started_callback=lambda: send(packets),
        count=1,
        timeout=WAIT_S,
    )
    return verdict(came[0].payload if came else None)


def _is_back(came: Packet, target: str) -> bool:
    error = came.haslayer(ICMPv6DestUnreach) or (came.haslayer(ICMP) and came[ICMP].type == UNREACHABLE)
    return bool(error) or getattr(came.payload, "src", "") == target


def verdict(came: Packet | None) -> str:
    """Errors first: they quote what they are about."""
    if came is None:
        return SILENCE
    if came.haslayer(ICMPv6DestUnreach):
        return PROHIBITED if came[ICMPv6DestUnreach].code == _IPV6_PROHIBITED else "unreachable"
    if came.haslayer(ICMP) and came[ICMP].type == UNREACHABLE:
        return PROHIBITED if came[ICMP].code == _IPV4_PROHIBITED else "unreachable"
    if came.haslayer(TCP):
        return RESET if came[TCP].flags.R else ACCEPTED
    return str(came.payload.name)


def connected(target: str, port: int) -> socket.socket:
    """By TCP, each write a segment of its own; raises OSError."""
    sock = socket.create_connection((target, port), 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def spoken(target: str, port: int, *parts: bytes) -> bytes:
    """Connect, send the parts one after the other, and hear the end; empty where refused or reset."""
    heard = b""
    try:
        with connected(target, port) as sock:
            for part in parts:
                sock.sendall(part)
            while came := sock.recv(65536):
                heard += came
    except OSError:
        pass
    return heard


def status(heard: bytes) -> str:
    """Of an HTTP answer; `refused` where there is none."""
    return heard[9:12].decode() if heard.startswith(b"HTTP/1.") else "refused"
