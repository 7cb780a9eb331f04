"""The SOCKS5 listener: who (the user name is the number), where to, then a tunnel. Refusals come before any dial."""

from collections.abc import Callable

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context

from nfemu.gateway.engine.admission import Admission
from nfemu.gateway.engine.deadline import Deadline
from nfemu.gateway.engine.judge import Refusal, Target
from nfemu.gateway.engine.tunnel import SOCKS_REPLIES, HttpLayerFactory, TunnelLayer
from nfemu.model.identity import Msisdn
from nfemu.wire.errors import WireError
from nfemu.wire.socks5 import (
    NO_ACCEPTABLE_METHOD,
    Method,
    Reply,
    SocksError,
    method_answer,
    parse_greeting,
    parse_request,
    parse_user_name,
    reply,
    user_name_answer,
)

Commands = layer.CommandGenerator[None]


class SocksLayer(layer.Layer):
    """The attribute `_read` is the state: which message is expected next."""

    _owner: Msisdn

    def __init__(self, context: Context, admission: Admission, http_layer: HttpLayerFactory) -> None:
        super().__init__(context)
        self._admission = admission
        self._http_layer = http_layer
        self._inbox = b""
        self._deadline = Deadline(admission.patience_s)
        self._read: Callable[[], Commands] = self._greeting

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.ConnectionClosed):
            yield commands.CloseConnection(self.context.client)
        elif self._deadline.owns(event):
            if (yield from self._deadline.passed()):
                yield from self._refuse(b"")
        elif isinstance(event, events.DataReceived):
            yield from self._deadline.begin()
            self._inbox += event.data
            try:
                yield from self._read()
            except WireError:
                yield from self._refuse(b"")

    def _greeting(self) -> Commands:
        parsed = parse_greeting(self._inbox)
        if parsed is None:
            return
        greeting, length = parsed
        if Method.USER_NAME not in greeting.methods:
            yield from self._refuse(method_answer(NO_ACCEPTABLE_METHOD))
            return
        yield commands.SendData(self.context.client, method_answer(Method.USER_NAME))
        yield from self._expect(self._user_name, length)

    def _user_name(self) -> Commands:
        parsed = parse_user_name(self._inbox)
        if parsed is None:
            return
        user, length = parsed
        try:
            self._owner = self._admission.judge.line_by_name(user.name).state.msisdn
        except Refusal:
            yield from self._refuse(user_name_answer(accepted=False))
            return
        yield commands.SendData(self.context.client, user_name_answer(accepted=True))
        yield from self._expect(self._request, length)

    def _request(self) -> Commands:
        try:
            parsed = parse_request(self._inbox)
        except SocksError as error:
            yield from self._refuse(reply(error.reply))
            return
        if parsed is None:
            return
        authority, length = parsed
        try:
            line = self._admission.judge.line(self._owner)  # it may have changed since
            target = Target.read(authority)
            self._admission.enter_tunnel(line, target)
        except Refusal:
            yield from self._refuse(reply(Reply.NOT_ALLOWED))
            return
        early = self._inbox[length:]
        tunnel = TunnelLayer(self.context, self._admission, line, target, SOCKS_REPLIES, self._http_layer)

        def become(event: events.Event) -> Commands:
            if not self._deadline.owns(event):
                yield from tunnel.handle_event(event)

        self._handle_event = become  # type: ignore[method-assign]  # mitmproxy's way to become another layer
        yield from tunnel.handle_event(events.Start())
        if early:
            yield from tunnel.handle_event(events.DataReceived(self.context.client, early))

    def _expect(self, state: Callable[[], Commands], length: int) -> Commands:
        self._inbox = self._inbox[length:]
        self._read = state
        if self._inbox:
            yield from state()

    def _refuse(self, answer: bytes) -> Commands:
        if answer:
            yield commands.SendData(self.context.client, answer)
        yield commands.CloseConnection(self.context.client)
