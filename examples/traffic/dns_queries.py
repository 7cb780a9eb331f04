"""DNS questions of many types, to the line's resolver and to a foreign one.

Expect of a restricted line: sinkhole addresses for names outside the garden, nothing for all other types, a true
answer for the portal; and the same from whichever resolver is asked, since it is the carrier's that answers.
Of an open line: true answers. HTTPS records (SVCB) come without hints, so that no address passes by the policy.
"""

from ipaddress import ip_address, ip_network

from answers import PORTAL, SILENCE, SITE, Row, main
from scapy.layers.dns import DNS, DNSQR, dnstypes
from scapy.layers.inet import IP, UDP
from scapy.sendrecv import sr1
from scapy.volatile import RandShort

OURS, FOREIGN = "10.45.0.1", "192.0.2.53"
SINKHOLES = ip_network("100.100.0.0/16"), ip_network("fd53:696e:6b00::/64")
TYPES = {name: number for number, name in dnstypes.items()}


def asked(name: str, kind: str, resolver: str = OURS) -> str:
    question = DNS(id=RandShort(), rd=1, qd=DNSQR(qname=name, qtype=TYPES[kind]))
    came = sr1(IP(dst=resolver) / UDP(sport=RandShort(), dport=53) / question, timeout=2)
    if came is None or not came.haslayer(DNS):
        return SILENCE
    records = [each for each in came[DNS].an or [] if each.type == TYPES[kind]]
    if not records:
        return "nothing"
    if kind not in ("A", "AAAA"):
        return "records"
    told = ip_address(records[0].rdata)
    return "sinkhole" if any(told.version == net.version and told in net for net in SINKHOLES) else "address"


def rows(restricted: bool) -> list[Row]:
    elsewhere = "sinkhole" if restricted else "address"
    questions = [
        *((SITE, kind, OURS, elsewhere) for kind in ("A", "AAAA")),
        *((SITE, kind, OURS, "nothing") for kind in ("TXT", "MX", "HTTPS", "SVCB", "NULL")),
        *((PORTAL, kind, OURS, "address") for kind in ("A", "AAAA")),
        (PORTAL, "HTTPS", OURS, "nothing"),
        (SITE, "A", FOREIGN, elsewhere),
        (PORTAL, "A", FOREIGN, "address"),
    ]
    return [Row(f"{name} {kind} @{at}", asked(name, kind, at), (expected,)) for name, kind, at, expected in questions]


if __name__ == "__main__":
    main(rows, __doc__)
