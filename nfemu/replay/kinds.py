"""What a flow was for, as far as its client's octets say it, and so how it can be sent again.

Of TLS it is the hello alone: what follows is sealed with keys of that day, which no server opens today.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from nfemu.replay.flows import Flow, Transport
from nfemu.replay.names import message_of, messages_in, written
from nfemu.wire.errors import WireError
from nfemu.wire.http_body import request_body
from nfemu.wire.http_head import RequestHead, head_length, parse_request_head
from nfemu.wire.tls_hello import HelloReader

_DNS = 53
_RECORD_HEAD = 5


@dataclass(frozen=True, slots=True)
class Question:
    """Of DNS; `kind` such as `AAAA`, or its number."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Request:
    """Of HTTP. `target` as it was sent, in origin form; `headers` in their order and spelling."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Questions:
    asked: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Requests:
    host: str
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Hello:
    """`host`: the server name in it. `octets`: the records that it takes."""

    host: str | None
    octets: bytes


@dataclass(frozen=True, slots=True)
class Octets:
    """Any other connection."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Datagrams:
    datagrams: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Echo:
    data: bytes


Kind = Questions | Requests | Hello | Octets | Datagrams | Echo


def kind_of(flow: Flow) -> Kind:
    """What does not read as what its port is for is octets, or datagrams."""
    if flow.transport is Transport.ICMP:
        return Echo(flow.sent[0] if flow.sent else b"")
    if flow.server_port == _DNS and (asked := tuple(_questions(flow))):
        return Questions(asked)
    if flow.transport is Transport.UDP:
        return Datagrams(flow.sent)
    return _hello(flow.sent[0]) or _requests(flow.sent[0]) or Octets(flow.sent[0])


def _questions(flow: Flow) -> Iterator[Question]:
    """Each once, however often it was repeated."""
    messages = messages_in(flow.sent[0]) if flow.transport is Transport.TCP else iter(flow.sent)
    seen: set[Question] = set()
    for message in messages:
        record = message_of(message)
        for each in record.questions if record is not None and not record.header.qr else ():
            question = Question(written(each.qname), _written_kind(each.qtype))
            if question not in seen:
                seen.add(question)
                yield question


def _written_kind(number: int) -> str:
    from dnslib import QTYPE

    return str(QTYPE.forward.get(number, number))


def _hello(data: bytes) -> Hello | None:
    reader, end = HelloReader(), 0
    try:
        while len(data) - end > _RECORD_HEAD:
            start, end = end, end + _RECORD_HEAD + int.from_bytes(data[end + 3 : end + _RECORD_HEAD])
            hello = reader.receive(data[start:end])
            if hello is not None:
                return Hello(hello.server_name, data[:end])
    except WireError:
        pass
    return None


def _requests(data: bytes) -> Requests | None:
    """None unless all of it is HTTP for one host, as strict readers read it."""
    buffer, found, hosts = bytearray(data), [], set()
    try:
        while buffer:
            length = head_length(buffer)
            if length is None:
                return None
            head = parse_request_head(bytes(buffer[:length]))
            del buffer[:length]
            body = request_body(head.length)
            found.append(_request(head, body.receive(buffer)))
            hosts.add(head.authority.host.strip("[]"))
            if not body.complete or head.method == b"CONNECT":
                return None
    except WireError:
        return None
    return Requests(hosts.pop(), tuple(found)) if len(hosts) == 1 else None


_FRAMING = (b"content-length", b"transfer-encoding")
"""Of the body; whoever sends it again writes its own."""


def _request(head: RequestHead, body: bytes) -> Request:
    fields = (
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in head.fields if name.lower() not in _FRAMING
    )
    return Request(head.method.decode(), head.target.decode("latin-1"), tuple(fields), body)
