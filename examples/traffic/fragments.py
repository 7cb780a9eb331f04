"""A first segment and a datagram in IP fragments, proper ones and such that overlap, over IPv4 and IPv6.

Expect of a restricted line: in fragments everything fares as it does whole: port 80 accepts, all else is refused. Of an
open line: it arrives. Fragments that overlap go nowhere (RFC 5722): nobody answers.
"""

import socket

from answers import ACCEPTED, PROHIBITED, RESET, SILENCE, SITE, Row, address, heard_after, main
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.packet import Packet, Raw
from scapy.volatile import RandShort

PORT = 8443
SIZE = 24
"""Octets; the first of an IPv6 packet has to hold the whole TCP header without options (RFC 8200 section 4.5)."""
TCP_NUMBER, UDP_NUMBER = 6, 17


def pieces(target: str, whole: Packet, protocol: int, overlap: int) -> list[Packet]:
    """Each but the first begins `overlap` octets too early."""
    data = bytes(whole)[len(IPv6()) :] if ":" in target else bytes(whole)[len(IP()) :]
    cut = [(at, data[at : at + SIZE], at + SIZE < len(data)) for at in range(0, len(data), SIZE)]
    parts = [((at - overlap if at else 0) // 8, part, more) for at, part, more in cut]
    if ":" not in target:
        return [IP(dst=target, id=77, proto=protocol, frag=at, flags=int(more)) / Raw(part) for at, part, more in parts]
    heads = [IPv6ExtHdrFragment(nh=protocol, id=77, offset=at, m=int(more)) for at, _, more in parts]
    return [IPv6(dst=target) / head / Raw(part) for head, (_, part, _) in zip(heads, parts, strict=True)]


def sent(target: str, inner: Packet, protocol: int, overlap: int = 0) -> str:
    head = IPv6(dst=target) if ":" in target else IP(dst=target)
    return heard_after(pieces(target, head / inner, protocol, overlap), target)


def rows(restricted: bool) -> list[Row]:
    found = []
    for word, family in (("IPv4", socket.AF_INET), ("IPv6", socket.AF_INET6)):
        target = address(SITE, family)
        for port in (80, PORT):
            segment = TCP(sport=int(RandShort()), dport=port, flags="S", seq=1000, options=[("NOP", None)] * SIZE)
            arrives = (RESET,) if restricted and port == PORT else (ACCEPTED,)
            found.append(Row(f"{word} SYN to {port}", sent(target, segment, TCP_NUMBER), arrives))
            segment.sport += 1
            overlapping = sent(target, segment, TCP_NUMBER, overlap=8)
            found.append(Row(f"{word} SYN to {port}, overlapping", overlapping, (SILENCE,)))
        datagram = UDP(sport=int(RandShort()), dport=443) / Raw(bytes(SIZE))
        refused = (PROHIBITED,) if restricted else ("unreachable", SILENCE)
        found.append(Row(f"{word} datagram to 443", sent(target, datagram, UDP_NUMBER), refused))
    return found


if __name__ == "__main__":
    main(rows, __doc__)
