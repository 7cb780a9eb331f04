"""Captures as another program writes them."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw
from scapy.utils import PcapWriter

CLIENT, SERVER = "10.45.0.2", "198.18.0.18"
RESOLVER = "10.45.0.1"
FIRST = 0xFFFFFFF0
"""Sequence numbers begin anew after sixteen octets."""


def there(client: str = CLIENT, server: str = SERVER) -> Packet:
    """The IP header of what the client sends."""
    return IPv6(src=client, dst=server) if ":" in client else IP(src=client, dst=server)


def back() -> Packet:
    return IP(src=SERVER, dst=CLIENT)


def syn(port: int = 80, sport: int = 40000, first: int = FIRST) -> Packet:
    return there() / TCP(sport=sport, dport=port, seq=first, flags="S")


def segment(at: int, data: bytes, port: int = 80, sport: int = 40000, first: int = FIRST) -> Packet:
    """`at`: octets of the client before it."""
    return there() / TCP(sport=sport, dport=port, seq=(first + 1 + at) % (1 << 32), flags="PA") / Raw(data)


def connection(data: bytes, port: int = 80, sport: int = 40000) -> list[Packet]:
    return [syn(port, sport), back() / TCP(sport=port, dport=sport, flags="SA"), segment(0, data, port, sport)]


def answer(name: str, *addresses: str) -> list[Packet]:
    """A question and its answer."""
    question = UDP(sport=5353, dport=53) / DNS(qd=DNSQR(qname=name))
    records = [DNSRR(rrname="alias.example", type="A", rdata=each) for each in addresses]
    told = UDP(sport=53, dport=5353) / DNS(qr=1, qd=DNSQR(qname=name), an=records)
    return [there(server=RESOLVER) / question, IP(src=RESOLVER, dst=CLIENT) / told]


def written(file: Path, packets: list[Packet]) -> Path:
    """One a second, from second 100 on."""
    with PcapWriter(str(file), linktype=1) as writer:
        for number, packet in enumerate(packets):
            frame = Ether() / packet
            frame.time = 100 + number
            writer.write(frame)
    return file


def opened(data: bytes) -> BinaryIO:
    file = BytesIO(data)
    file.name = "a.pcap"
    return file
