"""Tells phones what their router has for them, and the captive-portal API, when they ask (RFC 4861, RFC 8910).

Phones of ours have their addresses from elsewhere and ask nothing by themselves (`accept_ra` is 0): this is for
programs on a line that look for a captive portal as a phone's operating system does. What is told does not depend on
the line's policy, so nothing is sent unasked when that changes: whether a line is captive, the API says.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, IPv6Network
from socket import socket

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.network.solicitations import Solicited, receive, send
from nfemu.gateway.bearer.network.topology import REDIRECTED6
from nfemu.wire.errors import WireError
from nfemu.wire.router_discovery import Advertisement, Prefix, Resolvers, check_solicitation, encode

_log = logging.getLogger(__name__)
_HOP_LIMIT = 64
_LIFETIME_S = 64_800
"""As a default router: three times what 3GPP TS 29.061 has for MaxRtrAdvInterval, six hours (RFC 8319 permits it)."""
_NOBODY, _ALL_NODES = IPv6Address("::"), IPv6Address("ff02::1")
_AT_ONCE = 64
"""Solicitations before everybody else has a turn."""


class Advertiser:
    """On sockets as `solicitations` makes them; they are its own from now on. `line_on` gives the line that a link of
    the core leads to, None: nobody's. `captive_api`: where that is now; empty: nowhere.
    """

    def __init__(
        self, sockets: Sequence[socket], line_on: Callable[[int], LineState | None], captive_api: Callable[[], str]
    ) -> None:
        self._sockets = sockets
        self._line_on = line_on
        self._captive_api = captive_api

    def start(self) -> None:
        for sock in self._sockets:
            sock.setblocking(False)
            asyncio.get_running_loop().add_reader(sock, self._arrived, sock)

    def stop(self) -> None:
        """Nobody is answered any more. May be called twice."""
        for sock in self._sockets:
            if sock.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(sock)
                sock.close()

    def _arrived(self, sock: socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                asked = receive(sock)
            except OSError:
                return
            self._answer(sock, asked)

    def _answer(self, sock: socket, asked: Solicited) -> None:
        """Silent where a router has to be, and where the line has no IPv6."""
        try:
            check_solicitation(asked.data, asked.source)
        except WireError:
            return
        state = self._line_on(asked.link)
        if state is None or state.policy is None or state.ue_ipv6 is None:
            return
        target = _ALL_NODES if asked.source == _NOBODY else asked.source
        try:
            advertisement = encode(advertised(state.ue_ipv6, self._captive_api()))
        except WireError as error:
            _log.warning("a router solicitation stays unanswered: %s", error)
            return
        with contextlib.suppress(OSError):  # the link has gone meanwhile
            send(sock, asked.link, target, advertisement)


def advertised(prefix: IPv6Network, captive_api: str) -> Advertisement:
    """To the line with that prefix, as 3GPP TS 29.061 has it: for good, and nobody else is on the link."""
    resolvers = Resolvers((REDIRECTED6,), _LIFETIME_S)
    return Advertisement(_HOP_LIMIT, _LIFETIME_S, (Prefix(prefix),), resolvers, captive_api)
