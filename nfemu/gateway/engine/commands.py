"""What our layers ask for beyond mitmproxy's own commands."""

from collections.abc import Sequence
from dataclasses import dataclass

from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events, layer

from nfemu.gateway.engine import responses
from nfemu.gateway.engine.dial import DialError, DialRequest
from nfemu.gateway.engine.judge import Line, Refusal, Target
from nfemu.gateway.ports import DialTarget
from nfemu.model.destination import IpAddress


class Dial(commands.OpenConnection):
    """Open `connection` to where `request` leads; completed by DialCompleted."""

    connection: Server

    def __init__(self, connection: Server, request: DialRequest) -> None:
        super().__init__(connection)
        self.request = request
        self.addresses: Sequence[IpAddress] = ()
        """Once it is open: those that the name had. What was dialled may be none of them, such as an upstream."""


@dataclass(repr=False)
class DialCompleted(events.CommandCompleted):
    command: Dial
    reply: DialTarget | DialError
    """What was dialled, or why nothing was."""


@dataclass(repr=False)
class LookUp(commands.StartHook):
    """The addresses of a name are wanted; completed when `addresses` are there, or `error` says why not.

    A hook because that is mitmproxy's way to wait for something that is no connection.
    """

    host: str
    addresses: Sequence[IpAddress] = ()
    error: DialError | None = None


def look_up(name: str | None) -> layer.CommandGenerator[Sequence[IpAddress]]:
    """The addresses of a name that must be known before a verdict; none for none. Raises Refusal."""
    if name is None:
        return ()
    asked = LookUp(name)
    yield asked
    if asked.error is not None:
        raise Refusal(responses.failure(asked.error.status, str(asked.error)))
    return asked.addresses


class AskOrigin(commands.Command):
    """An HTTP stream wants a connection for its request: a kept one or a new one."""

    blocking = True

    def __init__(self, request: DialRequest) -> None:
        self.request = request


@dataclass(frozen=True, slots=True)
class Origin:
    """An open connection for plain HTTP and what it leads to."""

    connection: Server
    target: DialTarget


@dataclass(repr=False)
class AskOriginCompleted(events.CommandCompleted):
    command: AskOrigin
    reply: Origin | DialError


class OriginDialled(commands.Command):
    """A new connection for an AskOrigin has been opened, or not."""

    def __init__(self, asked: AskOrigin, outcome: Origin | DialError) -> None:
        self.asked = asked
        self.outcome = outcome


class StartTunnel(commands.Command):
    """A CONNECT request was allowed; `early` are the bytes that already came behind it."""

    def __init__(self, line: Line, target: Target, early: bytes) -> None:
        self.line = line
        self.target = target
        self.early = early
