"""Which name an address had: what the answers in a capture tell."""

from collections.abc import Iterator
from ipaddress import ip_address

from dnslib import QTYPE, DNSError, DNSRecord

from nfemu.model.destination import IpAddress

_MOST = 65_536
_ADDRESSES = (QTYPE.A, QTYPE.AAAA)


class Names:
    """The last answer counts. Bounded: names past the limit are not remembered."""

    def __init__(self) -> None:
        self._known: dict[IpAddress, str] = {}

    def learn(self, message: bytes) -> None:
        """A DNS message; what is no answer teaches nothing."""
        record = message_of(message)
        if record is None or not record.header.qr or not record.questions:
            return
        name = written(record.questions[0].qname)
        for each in record.rr:
            if each.rtype in _ADDRESSES and (len(self._known) < _MOST):
                self._known[ip_address(str(each.rdata))] = name

    def of(self, address: IpAddress) -> str | None:
        return self._known.get(address)


def message_of(data: bytes) -> DNSRecord | None:
    """None where it is no DNS message."""
    try:
        return DNSRecord.parse(data)
    except DNSError:
        return None


def messages_in(stream: bytes) -> Iterator[bytes]:
    """The whole messages of a DNS connection over TCP (RFC 1035 section 4.2.2)."""
    while len(stream) >= 2 and len(stream) >= (end := 2 + int.from_bytes(stream[:2])):
        yield stream[2:end]
        stream = stream[end:]


def written(name: object) -> str:
    """Without the dot at its end."""
    return str(name).removesuffix(".") or "."
