"""QUIC: a client's Initial, and a datagram of a version that does not exist, over IPv4 and IPv6.

Expect of a restricted line: UDP 443 is refused at once (administratively prohibited), to the portal as well, so that
browsers take TCP without waiting. Of an open line: nobody refuses; the emulated Internet speaks no QUIC and is silent.
"""

import secrets
import socket

from answers import PORTAL, PROHIBITED, SILENCE, SITE, Row, address, knock, main
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw
from scapy.volatile import RandShort

from nfemu.client.line.quic import initial

UNKNOWN_VERSION = bytes.fromhex("c0baaaaaaa08") + secrets.token_bytes(8) + b"\0" * 1186


def sent(name: str, family: socket.AddressFamily, datagram: bytes) -> str:
    target = address(name, family)
    network = IP(dst=target) if family == socket.AF_INET else IPv6(dst=target)
    return knock(network / UDP(sport=RandShort(), dport=443) / Raw(datagram))


def rows(restricted: bool) -> list[Row]:
    # An open line's port may be closed at the far end: that is the site's answer, not the network's.
    expected = (PROHIBITED,) if restricted else (SILENCE, "unreachable")
    found = []
    for name in (SITE, PORTAL):
        for word, family in (("IPv4", socket.AF_INET), ("IPv6", socket.AF_INET6)):
            found.append(Row(f"Initial for {name}, {word}", sent(name, family, initial(name)), expected))
    found.append(Row("a version that is none", sent(SITE, socket.AF_INET, UNKNOWN_VERSION), expected))
    return found


if __name__ == "__main__":
    main(rows, __doc__)
