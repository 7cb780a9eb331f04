"""A scan of ports by TCP and UDP, and of the phone's own gateway.

Expect of a restricted line: 80 and 443 accept (redirect responder, SNI gate), everything else is refused at once: TCP
with a reset, UDP as prohibited; a name that is a sinkhole has no other ports either. Of an open line: what the far
end says, and nothing that the network prohibits. The gateway offers DNS and nothing else, to both.
"""

from answers import ACCEPTED, PROHIBITED, RESET, SILENCE, SITE, Row, address, knock, main
from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Raw
from scapy.volatile import RandShort

GATEWAY = "10.45.0.1"
TCP_PORTS = (22, 25, 80, 443, 853, 1080, 3128, 5432, 8080)
UDP_PORTS = (123, 443, 500, 1194, 4500, 51820)
OF_A_SITE = {80, 443}


def by_tcp(target: str, port: int) -> str:
    return knock(IP(dst=target) / TCP(sport=RandShort(), dport=port, flags="S", seq=1000))


def by_udp(target: str, port: int) -> str:
    return knock(IP(dst=target) / UDP(sport=RandShort(), dport=port) / Raw(b"nfemu"))


def rows(restricted: bool) -> list[Row]:
    target = address(SITE)
    closed = (RESET,) if restricted else (RESET, SILENCE, ACCEPTED)
    refused = (PROHIBITED,) if restricted else (SILENCE, "unreachable")
    return [
        *(
            Row(f"{SITE} tcp {port}", by_tcp(target, port), (ACCEPTED,) if port in OF_A_SITE else closed)
            for port in TCP_PORTS
        ),
        *(Row(f"{SITE} udp {port}", by_udp(target, port), refused) for port in UDP_PORTS),
        *(Row(f"gateway tcp {port}", by_tcp(GATEWAY, port), (RESET, PROHIBITED, SILENCE)) for port in (22, 8600)),
        Row("gateway tcp 53", by_tcp(GATEWAY, 53), (ACCEPTED,)),
    ]


if __name__ == "__main__":
    main(rows, __doc__)
