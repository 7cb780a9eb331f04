"""Ways around a garden: DNS tunnel, DoT, DoH, ICMP tunnel, GRE and its kin, SOCKS and other proxies outside.

Expect of a restricted line: no octet leaves by any of them. Questions are answered by the carrier alone, connections
are reset, everything else is prohibited; IP in IP may end without a word. Of an open line: as good as any traffic.
"""

import secrets
import ssl

from answers import ACCEPTED, PROHIBITED, RESET, SILENCE, SITE, Row, address, connected, heard_after, knock, main
from dns_queries import asked
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import GRE
from scapy.packet import Packet, Raw
from scapy.volatile import RandShort

RESOLVER = "198.18.0.53"
"""Somebody outside who would answer DoT and DoH, or relay."""
IP_IN_IP, IPV6_IN_IP, GRE_NUMBER, ESP, L2TP = 4, 41, 47, 50, 115


def by_tcp(port: int) -> str:
    return knock(IP(dst=RESOLVER) / TCP(sport=RandShort(), dport=port, flags="S", seq=1000))


def by_protocol(protocol: int, inside: Packet) -> str:
    return heard_after(IP(dst=RESOLVER, proto=protocol) / inside, RESOLVER)


def by_tls(name: str, target: str) -> str:
    """A handshake that names `name`, with whoever is at `target`."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connected(target, 443) as sock:
        try:
            context.wrap_socket(sock, server_hostname=name).close()
        except OSError:
            return RESET
    return "handshake"


def rows(restricted: bool) -> list[Row]:
    secret = f"{secrets.token_hex(30)}.{secrets.token_hex(30)}.tunnel.example"
    inside = IP(dst=address(SITE)) / TCP(dport=80, flags="S")
    prohibited = (PROHIBITED,) if restricted else (SILENCE, "unreachable")
    stream = (RESET,) if restricted else (ACCEPTED,)
    handshake = (RESET,) if restricted else ("handshake",)
    return [
        Row("DNS tunnel, A", asked(secret, "A"), ("sinkhole",) if restricted else ("address", "nothing")),
        Row("DNS tunnel, TXT", asked(secret, "TXT"), ("nothing",)),
        Row("DNS tunnel, NULL", asked(secret, "NULL"), ("nothing",)),
        Row("DoT", by_tcp(853), stream),
        Row("DoH by name", by_tls("dns.example", address("dns.example")), handshake),
        Row("DoH by address", by_tls("dns.example", RESOLVER), handshake),
        Row("SOCKS proxy", by_tcp(1080), stream),
        Row("HTTP proxy", by_tcp(3128), stream),
        Row(
            "ICMP tunnel",
            knock(IP(dst=RESOLVER) / ICMP() / Raw(secret.encode())),
            (PROHIBITED,) if restricted else ("ICMP",),
        ),
        Row("GRE", by_protocol(GRE_NUMBER, GRE() / inside), prohibited),
        Row("IP in IP", by_protocol(IP_IN_IP, inside), (*prohibited, SILENCE)),
        Row("IPv6 in IP", by_protocol(IPV6_IN_IP, Raw(bytes(60))), prohibited),
        Row("ESP", by_protocol(ESP, Raw(bytes(40))), prohibited),
        Row("L2TP", by_protocol(L2TP, Raw(bytes(40))), prohibited),
    ]


if __name__ == "__main__":
    main(rows, __doc__)
