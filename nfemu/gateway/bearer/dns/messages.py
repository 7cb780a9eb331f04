"""DNS messages of a line: questions read strictly, answers written with dnslib (RFC 1035, RFC 6891).

A question is one header, one question without compression, and at most an OPT record. Its octets stand unchanged in
the answer, with the client's spelling (0x20), so dnslib never has to write a foreign name a second time.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from dnslib import AAAA, EDNS0, QTYPE, RR, SOA, A, DNSBuffer, DNSError, DNSHeader, DNSQuestion, DNSRecord, EDNSOption

from nfemu.model.destination import IpAddress
from nfemu.model.errors import InvalidInput
from nfemu.policy.dns import NEGATIVE_TTL_S
from nfemu.policy.names import normalise_host

HEADER = 12
LEAST_UDP = 512
MOST_UDP = 1232
"""Never fragmented (dnsflagday.net/2020); what a client offers beyond it is not used."""
_RESPONSE, _TRUNCATED, _RECURSION = 0x8000, 0x0200, 0x0080
_CLASS_IN = 1
_QUERY = 0
_LABEL = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_MOST_NAME = 255
"""Octets on the wire (RFC 1035 section 2.3.4)."""
_OPT_HEAD = struct.Struct("!BHHBBHH")
"""Root, type, size, extended code, version, flags, length (RFC 6891 section 6.1.2)."""
_EDE = 15
"""Extended DNS errors (RFC 8914)."""
_MOST_REASON = 100


class Rcode(IntEnum):
    """RFC 1035 section 4.1.1; BADVERS of RFC 6891 section 9."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


class Ede(IntEnum):
    """Info codes of RFC 8914 section 4."""

    FORGED = 4
    BLOCKED = 15
    NETWORK_ERROR = 23
    INVALID_DATA = 24


@dataclass(frozen=True, slots=True)
class Query:
    """`name` is normalised, None where the labels are no host name. `section`: the question's octets.

    `udp_size` is what the client can take; `edns`, whether it sent an OPT record, `secure` its DO bit.
    """

    id: int
    flags: int
    section: bytes
    question: DNSQuestion
    name: str | None
    udp_size: int = LEAST_UDP
    edns: bool = False
    secure: bool = False

    @property
    def kind(self) -> int:
        return int(self.question.qtype)


@dataclass(frozen=True, slots=True)
class Note:
    """Why an answer is not the true one, for whoever looks with `dig`: `text` is the id of the rule."""

    code: Ede
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """`addresses` fit the question's type. Without any, the answer carries an SOA, so that the "no" is kept for
    NEGATIVE_TTL_S and no longer (RFC 2308)."""

    rcode: Rcode = Rcode.NOERROR
    addresses: Sequence[IpAddress] = ()
    ttl_s: int = NEGATIVE_TTL_S
    note: Note | None = None


def read(data: bytes) -> Query | bytes | None:
    """The question in a message; else the answer that says what is wrong with it; None: no answer at all.

    What is no question is never answered, else two servers could go on answering each other.
    """
    if len(data) < HEADER or data[2] & 0x80:
        return None
    header = DNSHeader.parse(DNSBuffer(data))
    if header.opcode != _QUERY:
        return _bare(header, Rcode.NOTIMP)
    if (header.q, header.a, header.auth) != (1, 0, 0) or header.ar > 1:
        return _bare(header, Rcode.FORMERR)
    question, end = _question(data)
    if question is None:
        return _bare(header, Rcode.FORMERR)
    section = data[HEADER:end]
    query = Query(header.id, header.bitmap, section, question, _name(question.qname.label))
    return _with_options(query, data[end:]) if header.ar else _of_internet(query)


def write(query: Query, reply: Reply) -> bytes:
    """The answer in full; see `cut` for what does not fit."""
    record = DNSRecord(
        DNSHeader(id=query.id, bitmap=_answer_flags(query.flags) | (reply.rcode & 0xF)), questions=[query.question]
    )
    for address in reply.addresses:
        data = A(str(address)) if address.version == 4 else AAAA(str(address))
        kind = QTYPE.A if address.version == 4 else QTYPE.AAAA
        record.add_answer(RR(query.question.qname, kind, ttl=reply.ttl_s, rdata=data))
    if not reply.addresses and reply.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
        start = SOA(".", ".", (1, NEGATIVE_TTL_S, NEGATIVE_TTL_S, NEGATIVE_TTL_S, NEGATIVE_TTL_S))
        record.add_auth(RR(".", QTYPE.SOA, ttl=NEGATIVE_TTL_S, rdata=start))
    if query.edns:
        record.add_ar(EDNS0(udp_len=MOST_UDP, ext_rcode=reply.rcode >> 4, opts=_options(reply.note)))
    return bytes(record.pack())


def cut(query: Query, answer: bytes) -> bytes:
    """What a client gets of an answer by UDP: all of it, or the advice to ask again by TCP (RFC 2181 section 9)."""
    if len(answer) <= query.udp_size:
        return answer
    flags = int.from_bytes(answer[2:4], "big") | _TRUNCATED
    return struct.pack("!6H", query.id, flags, 1, 0, 0, 0) + query.section


def code_of(message: bytes) -> int:
    """The response code in the header, without what an OPT record may add to it."""
    return message[3] & 0xF


def _question(data: bytes) -> tuple[DNSQuestion | None, int]:
    buffer = DNSBuffer(data)
    buffer.offset = HEADER
    try:
        question = DNSQuestion.parse(buffer)
    except DNSError:
        return None, 0
    labels: tuple[bytes, ...] = question.qname.label
    plain = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    end = HEADER + len(plain) + 4
    if end != buffer.offset or any(len(label) > 63 for label in labels) or len(plain) > _MOST_NAME:
        return None, 0
    return question, end


def _name(labels: Sequence[bytes]) -> str | None:
    """Label by label: one with a dot inside is no two labels."""
    if not labels or not all(_LABEL.issuperset(label) for label in labels):
        return None
    try:
        host = normalise_host(b".".join(labels).decode("ascii"))
    except InvalidInput:
        return None
    return host if isinstance(host, str) else None


def _with_options(query: Query, rest: bytes) -> Query | bytes:
    """RFC 6891 section 6.1: the one additional record of a question is its OPT; any other one is passed over."""
    if len(rest) < _OPT_HEAD.size:
        return write(query, Reply(Rcode.FORMERR))
    root, kind, size, _, version, flags, length = _OPT_HEAD.unpack_from(rest)
    if root != 0 or kind != QTYPE.OPT:
        return _of_internet(query)
    if len(rest) < _OPT_HEAD.size + length:
        return write(query, Reply(Rcode.FORMERR))
    size = min(max(size, LEAST_UDP), MOST_UDP)
    found = Query(
        query.id, query.flags, query.section, query.question, query.name, size, edns=True, secure=bool(flags & 0x8000)
    )
    return write(found, Reply(Rcode.BADVERS)) if version else _of_internet(found)


def _of_internet(query: Query) -> Query | bytes:
    return query if query.question.qclass == _CLASS_IN else write(query, Reply(Rcode.REFUSED))


def _bare(header: DNSHeader, rcode: Rcode) -> bytes:
    """A header alone, for what could not be read further."""
    return struct.pack("!6H", header.id, _answer_flags(header.bitmap) | rcode, 0, 0, 0, 0)


def _answer_flags(flags: int) -> int:
    """Opcode, RD and CD are the client's (RFC 1035 section 4.1.1, RFC 4035 section 3.2.2)."""
    return _RESPONSE | _RECURSION | (flags & 0x7910)


def _options(note: Note | None) -> list[EDNSOption]:
    if note is None:
        return []
    return [EDNSOption(_EDE, note.code.to_bytes(2, "big") + note.text[:_MOST_REASON].encode())]
