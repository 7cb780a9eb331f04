"""What a client sends: heads and bodies, one after another, read as the gateway reads them.

* However the bytes are divided into packets, the same requests are read, and the same end.
* A request is read only when all of it is there; in a tunnel no part of it is taken for anything but HTTP.
* What is read in one go as a plain GET is that one request, and nothing else.
* h11 and llhttp, where they take it at all, see the same request end at the same octet.
* What leaves the gateway for it is one request with the same method, path and body to us, to h11 and to llhttp,
  with one Host and, at the trusted portal and nowhere else, one number: the line's.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from mitmproxy.connection import Client, Server
from mitmproxy.options import Options
from mitmproxy.proxy.commands import SendData
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._events import RequestData, RequestEndOfMessage, RequestHeaders

from nfemu.gateway.engine.admission import Admission, Forward
from nfemu.gateway.engine.flows import FlowTable
from nfemu.gateway.engine.judge import Judge, Refusal
from nfemu.gateway.engine.judge import Target as Destination
from nfemu.gateway.engine.limiter import Counter, Limiter
from nfemu.gateway.engine.meter import Meters
from nfemu.gateway.engine.origin_side import OriginSide
from nfemu.model.identity import Imsi
from nfemu.wire.errors import WireError
from nfemu.wire.first_bytes import FirstBytes, classify
from nfemu.wire.http_body import request_body
from nfemu.wire.http_head import RequestHead, head_length, parse_request_head
from nfemu.wire.plain_get import read_plain_get
from tests.fakes.gateway import OPEN, FakeReports, FakeView, line
from tests.fuzz.campaign import Target
from tests.fuzz.peers import Peer, cgi_variable, h11_reading, llhttp_reading

_NUMBER = "13800138000"
_OPTIONS = Options()
_PEERS: dict[str, Peer] = {"h11": h11_reading, "llhttp": llhttp_reading}


@dataclass(frozen=True, slots=True)
class Request:
    """`raw`: the octets that it was read from, without blank lines before it."""

    head: RequestHead
    body: bytes
    raw: bytes


@dataclass(slots=True)
class Stream:
    """A connection's requests so far. `end`: why no more are read; None: it waits for more octets."""

    requests: list[Request] = field(default_factory=list)
    end: str | None = None
    _inbox: bytearray = field(default_factory=bytearray)
    _checked: int = 0

    def feed(self, data: bytes) -> None:
        self._inbox += data
        try:
            while self.end is None and self._take():
                pass
        except WireError as error:
            self.end = str(error)

    def _take(self) -> bool:
        """One request off the front."""
        while self._inbox.startswith(b"\r\n"):
            del self._inbox[:2]
            self._checked = 0
        length = head_length(self._inbox, self._checked)
        if length is None:
            self._checked = len(self._inbox)
            return False
        head = parse_request_head(bytes(self._inbox[:length]))
        rest = self._inbox[length:]
        reader = request_body(head.length)
        body = reader.receive(rest)
        if not reader.complete:
            self._checked = 0
            return False
        self.requests.append(Request(head, body, bytes(self._inbox[: len(self._inbox) - len(rest)])))
        self._inbox, self._checked = rest, 0
        if head.method == b"CONNECT":
            self.end = "tunnel"
        return True


def read(data: bytes, *cuts: int) -> Stream:
    """In packets that end at `cuts`."""
    stream = Stream()
    for start, end in pairwise((0, *sorted(cuts), len(data))):
        stream.feed(data[start:end])
    return stream


def check(data: bytes) -> str:
    whole = read(data)
    _check_plain(data, whole)
    third, half = len(data) // 3, len(data) // 2
    for cuts in ((half,), (third, third + 1, half), (len(data) - 1,)):
        divided = read(data, *(cut for cut in cuts if cut > 0))
        assert divided.requests == whole.requests, f"divided at {cuts} it is {divided}"
        assert (divided.end is None) == (whole.end is None), f"divided at {cuts} it ends with {divided.end}"
    verdicts = {_check_request(request) for request in whole.requests}
    return ", ".join(sorted(verdicts)) or whole.end or "incomplete"


def _check_plain(data: bytes, whole: Stream) -> None:
    plain = read_plain_get(data)
    if plain is not None:
        (request,) = whole.requests
        head = request.head
        assert (head.method, head.version, head.length) == (b"GET", b"HTTP/1.1", 0), f"{plain} is {head}"
        assert (head.target, str(head.authority)) == (plain.target, plain.host.decode()), f"{plain} is {head}"


def _check_request(request: Request) -> str:
    for length in {0, 1, len(request.raw) // 2, len(request.raw) - 2, len(request.raw) - 1}:
        assert not read(request.raw[:length]).requests, f"accepted at {length} of {len(request.raw)}"
        assert classify(request.raw[:length]) in (None, FirstBytes.HTTP), f"taken for no HTTP at {length}"
    assert classify(request.raw) is FirstBytes.HTTP
    written = request.raw.split(b" ", 2)[1]
    refused = [name for name, peer in _PEERS.items() if not _agrees(peer, request, written, request.raw)]
    if request.head.method == b"CONNECT":
        return "accepted: tunnel"
    try:
        forward = _admission().request(request.head)
    except Refusal:
        return "accepted, destination refused"
    _check_forwarded(request, forward)
    return " not by ".join(["accepted", *refused])


def _agrees(peer: Peer, request: Request, target: bytes, raw: bytes) -> bool:
    """Whether the peer takes it at all. Raises AssertionError where it takes something else."""
    reading = peer(raw)
    if reading is None:
        return False
    assert (reading.method, reading.target) == (request.head.method, target), f"another request: {reading}"
    assert reading.left == 0, f"another end: {reading}"
    assert reading.body == request.body, f"another body: {reading}"
    return True


def _check_forwarded(request: Request, forward: Forward) -> None:
    raw = _sent(request, forward)
    again = read(raw)
    assert len(again.requests) == 1, f"forwarded as {raw!r}"
    (seen,) = again.requests
    assert seen.raw == raw
    assert (seen.head.method, seen.head.target, seen.body) == (request.head.method, request.head.target, request.body)
    assert Destination.read(seen.head.authority) == Destination.read(request.head.authority), (
        "judged is what the origin is told"
    )
    assert str(seen.head.authority).isascii()
    assert seen.head.fields == list(forward.request.headers.fields)
    names = [name.lower() for name, _ in seen.head.fields]
    assert names.count(b"host") == 1
    numbers = [value for name, value in seen.head.fields if cgi_variable(name) in (b"X_MSISDN", b"MSISDN")]
    trusted = forward.dial.host == "portal.carrier.example" and forward.dial.port in (80, 443)
    assert numbers == ([b"8613800138000"] if trusted else []), f"forwarded as {raw!r}"
    for peer in _PEERS.values():
        _agrees(peer, seen, seen.head.target, raw)


def _sent(request: Request, forward: Forward) -> bytes:
    """What the gateway's origin side makes of it."""
    context = Context(Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), timestamp_start=0), _OPTIONS)
    context.server = Server(address=("127.0.0.1", 80))
    origin = OriginSide(context)
    end = request.head.length == 0
    said = [RequestHeaders(1, forward.request, end), RequestData(1, request.body), RequestEndOfMessage(1)]
    if not request.body:
        del said[1]
    asked = [command for event in said for command in origin.handle_event(event)]
    return b"".join(command.data for command in asked if isinstance(command, SendData))


class _Unconnected:
    """A client connection that nobody cuts."""

    def cut(self) -> None: ...

    async def wait_finished(self) -> None: ...

    def metered(self, counter: Counter, limiter: Limiter | None, *, essential: bool) -> None: ...

    def belong_to(self, line: Imsi | None) -> bool:
        return True

    def unmetered(self) -> None: ...


def _admission() -> Admission:
    return Admission(_JUDGE, FlowTable(), Meters(lambda: 0.0), FakeReports(), _Unconnected(), _STATE.msisdn)


_VIEW = FakeView()
_STATE = _VIEW.put(line(_NUMBER, OPEN))
_JUDGE = Judge(_VIEW, lambda: datetime(2026, 11, 1, tzinfo=UTC))

TARGET = Target(
    "requests",
    (
        *(
            b"\r\n",
            b"\n",
            b"\r",
            b"\x00",
            b" ",
            b"\t",
            b":",
            b"\r\n ",
            b"\r\n\r\n",
            b"0\r\n\r\n",
            b"5\r\nhello\r\n",
            b"1;a=b\r\n",
        ),
        *(
            b"GET ",
            b"POST ",
            b"HEAD ",
            b"CONNECT ",
            b"OPTIONS * ",
            b"PRI * HTTP/2.0",
            b" HTTP/1.0",
            b" HTTP/1.1",
            b" HTTP/0.9",
        ),
        *(
            b"http://",
            b"https://",
            b"HTTP://",
            b"@",
            b"#",
            b"?",
            b"//",
            b"\\",
            b"[::1]",
            b"[::ffff:8.8.8.8]",
            b"%00",
            b"\xe4\xb8\xad",
        ),
        *(
            b"portal.carrier.example",
            b"news.example",
            b"pay.provider.example.",
            b"127.0.0.1",
            b":80",
            b":443",
            b":0",
            b":65536",
        ),
        *(b"Host: ", b"\r\nHost: news.example", b"\r\nHost: portal.carrier.example", b"\r\nHost : x", b"\r\nhOsT:x"),
        *(b"\r\nContent-Length: 5", b"\r\nContent-Length: 0", b"\r\nContent-Length: +5", b"\r\nContent-Length: 5, 5"),
        *(
            b"\r\nTransfer-Encoding: chunked",
            b"\r\nTransfer-Encoding: gzip, chunked",
            b"\r\nTransfer-Encoding: \x0bchunked",
        ),
        *(
            b"\r\nConnection: close",
            b"\r\nConnection: keep-alive, Host",
            b"\r\nConnection: X-MSISDN",
            b"\r\nConnection: Content-Length",
        ),
        *(
            b"\r\nExpect: 100-continue",
            b"\r\nUpgrade: websocket",
            b"\r\nConnection: Upgrade",
            b"\r\nTE: trailers",
            b"\r\nTrailer: X",
        ),
        *(
            b"\r\nX-MSISDN: 8613900139000",
            b"\r\nx_msisdn: 1",
            b"\r\nX-Forwarded-For: 10.0.0.1",
            b"\r\nProxy-X: y",
            b"\r\nX.MSISDN:1",
        ),
        *(
            b"\r\nCookie: User-Identity-Forward-msisdn=1; a=b",
            b"\r\nTransfer_Encoding: chunked",
            b"\r\nContent_Length: 3",
        ),
    ),
    check,
    400_000,
)
