"""Packets that claim to be somebody else's: another line's address, the gateway's, the portal's, one of the Internet.

Expect of either line: silence. They are dropped without a word, since a refusal would go to whom they claim to be;
the phone's own source, sent the same way, is answered. What arrives nowhere shows nowhere here: `nfemu capture` on
the other line, and a counter behind the carrier, show that nothing did.
"""

import socket

from answers import ACCEPTED, LINE, PORTAL, SILENCE, SITE, Row, address, knock, main
from scapy.arch import get_if_addr
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.volatile import RandShort

GATEWAY = "10.45.0.1"
FIRST_LINES = (("10.45.0.2", "2001:db8:4500:1::1"), ("10.45.0.3", "2001:db8:4500:2::1"))
"""The addresses that the PGW gives out first."""


def neighbour(own: str) -> tuple[str, str]:
    """Another line's addresses than those of the one that has `own`."""
    return next(line for line in FIRST_LINES if own not in line)


def sent(source: str) -> str:
    target = address(SITE, socket.AF_INET6 if ":" in source else socket.AF_INET)
    network = IPv6(src=source, dst=target) if ":" in source else IP(src=source, dst=target)
    return knock(network / TCP(sport=RandShort(), dport=80, flags="S", seq=1000))


def rows(_restricted: bool) -> list[Row]:
    own = get_if_addr(LINE)
    ipv4, ipv6 = neighbour(own)
    others = {
        "another line": ipv4,
        "another line, IPv6": ipv6,
        "the gateway": GATEWAY,
        "the portal": address(PORTAL),
        "somebody outside": "203.0.113.7",
        "nobody": "0.0.0.0",
    }
    found = [Row(f"from {who}: {source}", sent(source), (SILENCE,)) for who, source in others.items()]
    return [*found, Row("from itself", sent(own), (ACCEPTED,))]


if __name__ == "__main__":
    main(rows, __doc__)
