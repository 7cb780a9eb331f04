"""The client's side of an HTTP/1 connection: strict heads, judged before anything else happens with them.

Whatever is refused is answered here, and the connection is not parsed any further: the rest of a refused request is
neither kept nor forwarded. mitmproxy's stream comes into being for allowed requests only, and their bodies are
streamed. mitmproxy's own class for this side is lenient, unbounded, and does not know the difference.
"""

from collections.abc import Callable

from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._base import HttpConnection, HttpEvent, ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from nfemu.gateway.engine import responses
from nfemu.gateway.engine.admission import Admission, Forward
from nfemu.gateway.engine.commands import StartTunnel, look_up
from nfemu.gateway.engine.deadline import Deadline
from nfemu.gateway.engine.dial import DialError
from nfemu.gateway.engine.judge import Refusal
from nfemu.wire.errors import WireError
from nfemu.wire.http_body import Body, request_body
from nfemu.wire.http_head import HeadError, RequestHead, head_length, parse_request_head
from nfemu.wire.websocket import ClientFrames

Commands = layer.CommandGenerator[None]

MAX_READ_AHEAD = 256 * 1024
"""Octets of pipelined requests that may wait behind the current one."""
LINGER_S = 2.0
"""How long a refused client may go on sending before the connection is reset under it (RFC 9112 section 9.6)."""


class OriginFailed(ResponseProtocolError):
    """No connection for the request; the client gets the reason."""

    def __init__(self, stream_id: int, error: DialError) -> None:
        super().__init__(stream_id, str(error), ResponseProtocolError.code)
        self.error = error


class ClientSide(HttpConnection):
    """`forward`: the request under way. The attribute `_read` is the state: what is done with arriving bytes."""

    forward: Forward
    _head: RequestHead
    _body: Body
    _frames: ClientFrames

    def __init__(self, context: Context, admission: Admission) -> None:
        super().__init__(context, context.client)
        self._admission = admission
        self._inbox = bytearray()
        self._checked = 0
        self._deadline = Deadline(admission.patience_s)
        self._stream_id = 1
        self._response: http.Response | None = None
        self._read: Callable[[], Commands] = self._read_head

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, HttpEvent):
            yield from self._send(event)
        elif isinstance(event, events.DataReceived):
            self._inbox += event.data
            yield from self._read()
        elif isinstance(event, events.ConnectionClosed):
            yield from self._closed()
        elif isinstance(event, events.Wakeup):
            yield from self._woken(event)

    def _woken(self, event: events.Wakeup) -> Commands:
        """By the deadline for heads, or because a refused client has lingered long enough."""
        if not self._deadline.owns(event):
            yield commands.CloseConnection(self.conn)
        elif (yield from self._deadline.passed()):
            yield from self._refuse(responses.refusal(408, "the request head took too long"), linger=True)

    # arriving bytes

    def _read_head(self) -> Commands:
        try:
            head = self._take_head()
            if head is None:
                yield from self._deadline.begin()
                return
            self._deadline.end()
            self._head = head
            if head.method == b"CONNECT":
                line, target = self._admission.connect(head)
                self._read = self._discard
                yield StartTunnel(line, target, bytes(self._inbox))
                return
            addresses = yield from look_up(self._admission.claimed_name(head.authority))
            self.forward = self._admission.request(head, addresses)  # the line may have changed meanwhile
        except HeadError as error:
            yield from self._refuse(responses.refusal(error.status, str(error)), linger=True)
        except Refusal as refusal:
            answer = responses.without_body(refusal.answer) if self._head.method == b"HEAD" else refusal.answer
            yield from self._refuse(answer, linger=self._head.length != 0 or bool(self._inbox))
        else:
            yield from self._start_request()

    def _take_head(self) -> RequestHead | None:
        while self._inbox.startswith(b"\r\n"):
            del self._inbox[:2]  # empty lines before a request (RFC 9112 section 2.2)
            self._checked = 0
        length = head_length(self._inbox, self._checked)
        if length is None:
            self._checked = len(self._inbox)
            return None
        self._checked = 0
        raw = bytes(self._inbox[:length])
        del self._inbox[:length]
        return parse_request_head(raw)

    def _start_request(self) -> Commands:
        head = self._head
        if head.expects_continue and head.length != 0 and not self._inbox:
            yield commands.SendData(self.conn, responses.CONTINUE)
        self._body = request_body(head.length)
        self._read = self._read_body
        yield ReceiveHttp(RequestHeaders(self._stream_id, self.forward.request, head.length == 0))
        yield from self._read()

    def _read_body(self) -> Commands:
        try:
            data = self._body.receive(self._inbox)
        except WireError as error:
            yield from self._abort(str(error))
            if self._response is None:
                yield from self._refuse(responses.refusal(400, str(error)), linger=True)
            else:
                yield commands.CloseConnection(self.conn)
            return
        if data:
            yield ReceiveHttp(RequestData(self._stream_id, data))
        if self._body.complete and self._read == self._read_body:
            self._read = self._read_ahead
            yield ReceiveHttp(RequestEndOfMessage(self._stream_id))

    def _read_ahead(self) -> Commands:
        if len(self._inbox) > MAX_READ_AHEAD:
            yield commands.CloseConnection(self.conn)
            yield from self._abort("too much was sent ahead of the response")

    def _pass(self) -> Commands:
        """What follows an upgrade: nothing that its origin could take for a request."""
        data = bytes(self._inbox)
        self._inbox.clear()
        try:
            self._frames.receive(data)
        except WireError:
            self._read = self._discard
            yield commands.CloseConnection(self.conn)
            yield ReceiveHttp(RequestEndOfMessage(self._stream_id))
            return
        yield ReceiveHttp(RequestData(self._stream_id, data))

    def _discard(self) -> Commands:
        self._inbox.clear()
        yield from ()

    # endings

    def _closed(self) -> Commands:
        """The client has closed at least its direction; it is not interested in an answer any more."""
        if self._read == self._pass:
            yield ReceiveHttp(RequestEndOfMessage(self._stream_id))
            return
        if self.conn.state is not ConnectionState.CLOSED:
            yield commands.CloseConnection(self.conn)
        if self._read in (self._read_body, self._read_ahead):
            yield from self._abort("client disconnected")

    def _abort(self, reason: str) -> Commands:
        """End the stream of the request under way."""
        self._read = self._discard
        yield ReceiveHttp(RequestProtocolError(self._stream_id, reason, RequestProtocolError.code))

    def _refuse(self, answer: bytes, *, linger: bool) -> Commands:
        self._deadline.end()
        self._read = self._discard
        self._inbox.clear()
        yield commands.SendData(self.conn, answer)
        if linger:
            yield commands.CloseTcpConnection(self.conn, half_close=True)
            yield commands.RequestWakeup(LINGER_S)
        else:
            yield commands.CloseConnection(self.conn)

    def _next(self, response: http.Response) -> Commands:
        """The response is complete, and so, as mitmproxy's stream sees to it, is the request: go on to the next."""
        if response.status_code == 101:
            self._frames = ClientFrames(response.headers.get("sec-websocket-extensions", ""))
            self._read = self._pass
            if self._inbox:
                yield from self._pass()
            return
        self._admission.leave()
        if self._must_close(response):
            self._read = self._discard
            yield commands.CloseConnection(self.conn)
            return
        self._response = None
        self._stream_id += 2
        self._read = self._read_head
        if self._inbox:
            yield from self._read_head()

    def _must_close(self, response: http.Response) -> bool:
        return (
            not self._head.persistent
            or http1.connection_close(response.http_version, response.headers)
            or http1.expected_http_body_size(self.forward.request, response) == -1
        )

    # the response

    def _send(self, event: HttpEvent) -> Commands:
        match event:
            case ResponseHeaders(response=response):
                self._response = response
                yield commands.SendData(self.conn, http1.assemble_response_head(response))
            case ResponseData(data=data):
                yield commands.SendData(self.conn, b"%x\r\n%s\r\n" % (len(data), data) if self._chunked() else data)
            case ResponseEndOfMessage():
                if self._chunked() and self._head.method != b"HEAD":
                    yield commands.SendData(self.conn, b"0\r\n\r\n")
                if self._response is not None:
                    yield from self._next(self._response)
            case ResponseProtocolError():
                yield from self._failed(event)

    def _chunked(self) -> bool:
        return self._response is not None and "chunked" in self._response.headers.get("transfer-encoding", "").lower()

    def _failed(self, event: ResponseProtocolError) -> Commands:
        """No response, or not all of it: a short page if nothing was sent yet, else the connection ends short."""
        if self._response is not None:
            self._read = self._discard
            yield commands.CloseConnection(self.conn)
            return
        error = event.error if isinstance(event, OriginFailed) else DialError(502, "its answer is broken")
        answer = error.page()
        self._admission.leave()
        answer = responses.without_body(answer) if self._head.method == b"HEAD" else answer
        yield from self._refuse(answer, linger=self._read == self._read_body)
