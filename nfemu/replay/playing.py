"""A capture from its file to what became of it."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from nfemu.client import Client
from nfemu.client.errors import ClientError
from nfemu.client.line import Phone
from nfemu.client.line.agent import AT_ONCE
from nfemu.model.errors import InvalidInput
from nfemu.replay.flows import Flow, FlowFinder, Found
from nfemu.replay.kinds import Datagrams, Echo, Hello, Kind, Octets, Questions, Requests, kind_of
from nfemu.replay.sending import Resender, host_of
from nfemu.replay.values import Fate, Replayed, Verdict
from nfemu.wire.capture.frames import Frame
from nfemu.wire.capture.packet import packet_in
from nfemu.wire.capture.reader import CaptureReader
from nfemu.wire.errors import WireError

_PART = 1 << 20
_NANOSECONDS = 1_000_000_000
_UNSENT = (Verdict.NOT_SENT, Verdict.NOT_APPLICABLE)
_WORDS: dict[type[Kind], str] = {
    Questions: "dns",
    Requests: "http",
    Hello: "tls",
    Octets: "tcp",
    Datagrams: "udp",
    Echo: "icmp",
}


def flows_in(file: BinaryIO) -> Found:
    """Raises InvalidInput where it is no capture of known links, or one without a flow.

    Of a file that is cut, as one is whose writer was killed, the whole packets count.
    """
    finder = FlowFinder()
    reader = CaptureReader()
    try:
        for frame in _frames(file, reader):
            finder.add(frame.at, packet_in(frame.link, frame.data))
        if not reader.end():
            finder.leave_out("whose end the file does not hold")
    except WireError as error:
        raise InvalidInput(f"`{file.name}` cannot be replayed: {error}") from None
    found = finder.found()
    if not found.flows:
        raise InvalidInput(f"`{file.name}` holds {reader.count} packets and no flow that begins in it: nothing to send")
    return found


def replay(client: Client, phone: Phone, flows: Sequence[Flow], to_address: bool = False) -> Iterator[Replayed]:
    """All of them, many at once; questions before all else, as phones ask first. Raises Unavailable."""
    resender = Resender(phone, to_address)
    kinds = [kind_of(flow) for flow in flows]
    rules = _Rules(client, phone.number)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        fates: dict[int, Fate] = {}
        for first in (True, False):
            chosen = [number for number, kind in enumerate(kinds) if isinstance(kind, Questions) is first]
            sent = pool.map(lambda number: resender.send(flows[number], kinds[number]), chosen)
            fates |= dict(zip(chosen, sent, strict=True))
    for number, (flow, kind) in enumerate(zip(flows, kinds, strict=True)):
        fate = fates[number]
        told = () if fate.by_phone or fate.verdict in _UNSENT else _urls(flow, kind)
        seconds = (flow.at - flows[0].at) / _NANOSECONDS
        yield Replayed(seconds, flow, _WORDS[type(kind)], _name(flow, kind), fate, rules.of(told))


def _frames(file: BinaryIO, reader: CaptureReader) -> Iterator[Frame]:
    """Raises WireError."""
    while part := file.read(_PART):
        yield from reader.receive(part)


def _name(flow: Flow, kind: Kind) -> str:
    if isinstance(kind, Questions):
        return ", ".join(f"{each.name} {each.kind}" for each in kind.asked)
    return host_of(flow, kind)


def _urls(flow: Flow, kind: Kind) -> Iterable[str]:
    """As `explain` takes them; there is none for an echo request."""
    if isinstance(kind, Questions):
        return (f"dns:{each.name}" for each in kind.asked)
    if isinstance(kind, Echo):
        return ()
    host = host_of(flow, kind)
    scheme = {Requests: "http", Hello: "https"}.get(type(kind), flow.transport.value)
    return (f"{scheme}://{f'[{host}]' if ':' in host else host}:{flow.server_port}/",)


class _Rules:
    """What decided, each destination asked about once."""

    def __init__(self, client: Client, number: str) -> None:
        self._client = client
        self._number = number
        self._known: dict[str, str] = {}

    def of(self, urls: Iterable[str]) -> str:
        """The rules, each once; empty for what `explain` does not speak of."""
        return ", ".join(dict.fromkeys(rule for url in urls if (rule := self._ruled(url))))

    def _ruled(self, url: str) -> str:
        if url not in self._known:
            try:
                self._known[url] = self._client.explain(self._number, url).rule
            except ClientError:
                self._known[url] = ""
        return self._known[url]
