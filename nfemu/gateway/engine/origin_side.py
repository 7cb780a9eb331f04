"""The origin's side of an HTTP/1 connection: one request at a time, bodies re-serialised, responses streamed.

Unlike mitmproxy's class for this side it bounds the response head, skips interim responses (RFC 9110 section 15.2),
takes a 101 only where WebSocket was asked for and is what it switches to, and ends trailers, which stop that class.
"""

from collections.abc import Callable

from mitmproxy import http
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

from nfemu.wire.errors import WireError
from nfemu.wire.http_answer import take_response_head
from nfemu.wire.http_body import Body, ChunkedBody, FixedBody, OpenBody
from nfemu.wire.websocket import check_switch

Commands = layer.CommandGenerator[None]


class OriginSide(HttpConnection):
    """The attribute `_read` is the state: what is done with arriving bytes."""

    _request: http.Request
    _body: Body

    def __init__(self, context: Context) -> None:
        super().__init__(context, context.server)
        self._inbox = bytearray()
        self._stream_id = 0
        self._response: http.Response | None = None
        self._request_done = self._response_done = False
        self._read: Callable[[], Commands] = self._unasked

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, HttpEvent):
            yield from self._send(event)
        elif isinstance(event, events.DataReceived):
            self._inbox += event.data
            yield from self._read()
        elif isinstance(event, events.ConnectionClosed):
            yield from self._closed()

    # the request

    def _send(self, event: HttpEvent) -> Commands:
        match event:
            case RequestHeaders(request=request):
                self._stream_id = event.stream_id
                self._request = request
                self._read = self._read_head
                yield commands.SendData(self.conn, http1.assemble_request_head(request))
            case RequestData(data=data):
                yield commands.SendData(self.conn, b"%x\r\n%s\r\n" % (len(data), data) if self._chunked() else data)
            case RequestEndOfMessage():
                if self._chunked():
                    yield commands.SendData(self.conn, b"0\r\n\r\n")
                self._request_done = True
                yield from self._next()
            case RequestProtocolError():
                if self._read != self._pass:
                    self._read = self._unasked
                yield commands.CloseConnection(self.conn)

    def _chunked(self) -> bool:
        """Not on an upgraded connection: its bytes are no HTTP."""
        upgraded = self._response is not None and self._response.status_code == 101
        return not upgraded and "transfer-encoding" in self._request.headers

    # arriving bytes

    def _unasked(self) -> Commands:
        self._inbox.clear()
        yield commands.CloseConnection(self.conn)

    def _read_head(self) -> Commands:
        try:
            lines = take_response_head(self._inbox)
            if lines is None:
                return
            self._start_response(self._request, http1.read_response_head(lines))
        except ValueError as error:
            yield from self._broken(str(error))
            return
        if self._response is None:
            yield from self._read_head()
            return
        self._read = self._read_body
        yield ReceiveHttp(ResponseHeaders(self._stream_id, self._response, self._body.complete))
        yield from self._read()

    def _start_response(self, request: http.Request, response: http.Response) -> None:
        """Take a final response; an interim one changes nothing. Raises ValueError."""
        if response.status_code == 101:
            if "upgrade" not in request.headers:
                raise WireError("origin switches protocols unasked")
            check_switch(request.headers["sec-websocket-key"].encode(), response.headers)
        if 100 <= response.status_code < 200 and response.status_code != 101:
            return
        size = http1.expected_http_body_size(request, response)
        self._body = ChunkedBody() if size is None else OpenBody() if size == -1 else FixedBody(size)
        response.stream = True
        self._response = response

    def _read_body(self) -> Commands:
        try:
            data = self._body.receive(self._inbox)
        except WireError as error:
            yield from self._broken(str(error))
            return
        if data:
            yield ReceiveHttp(ResponseData(self._stream_id, data))
        if self._body.complete and self._read == self._read_body:
            yield from self._end_response()

    def _end_response(self) -> Commands:
        """The stream hears of it last: the client's next request may come back in the same breath."""
        self._read = self._after_response
        self._response_done = True
        stream_id = self._stream_id
        yield from self._next()
        yield ReceiveHttp(ResponseEndOfMessage(stream_id))
        if self._read == self._pass and self._inbox:
            yield from self._pass()

    def _after_response(self) -> Commands:
        """Bytes behind a response whose request is not finished: nothing that anybody asked for."""
        self._inbox.clear()
        yield from ()

    def _pass(self) -> Commands:
        data = bytes(self._inbox)
        self._inbox.clear()
        yield ReceiveHttp(ResponseData(self._stream_id, data))

    # endings

    def _closed(self) -> Commands:
        if self._read == self._pass:
            yield ReceiveHttp(ResponseEndOfMessage(self._stream_id))
            return
        yield commands.CloseConnection(self.conn)
        if self._read == self._read_body and self._body.end():
            yield from self._end_response()
        elif self._read in (self._read_head, self._read_body):
            yield from self._broken("connection closed before the end of the response")

    def _broken(self, reason: str) -> Commands:
        self._read = self._unasked
        yield commands.CloseConnection(self.conn)
        yield ReceiveHttp(ResponseProtocolError(self._stream_id, reason, ResponseProtocolError.code))

    def _next(self) -> Commands:
        """Be ready for the next request when both directions of this one are done."""
        response = self._response
        if not self._request_done or not self._response_done or response is None:
            return
        if response.status_code == 101:
            self._read = self._pass
            return
        self._request_done = self._response_done = False
        self._response = None
        self._read = self._unasked
        if (
            self._inbox
            or isinstance(self._body, OpenBody)
            or http1.connection_close(response.http_version, response.headers)
        ):
            yield commands.CloseConnection(self.conn)
