"""One-time tickets: they carry an identity from plain HTTP, where the gateway vouches for it, to HTTPS.

A ticket is good once, for 60 seconds, for one session and generation; the holder must also still come from that
session's address (G12).
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nfemu.model.identity import Msisdn, SessionId

LIFETIME = timedelta(seconds=60)
_PER_LINE = 5
_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Ticket:
    """`back` is the page the subscriber wanted; `language` is set if the visitor chose one. `expires` is wall time."""

    msisdn: Msisdn
    session: SessionId
    generation: int
    back: str | None
    language: str | None
    expires: datetime


class TicketDesk:
    """Tickets that are out. Bounded per line and in all; the oldest lapse first."""

    def __init__(self, wall: Callable[[], datetime]) -> None:
        self._wall = wall
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()
        self._by_line: dict[Msisdn, list[str]] = {}

    def issue(self, msisdn: Msisdn, session: SessionId, generation: int, back: str | None, language: str | None) -> str:
        """A new ticket's unguessable text."""
        self._drop_expired()
        text = secrets.token_urlsafe(32)
        self._tickets[text] = Ticket(msisdn, session, generation, back, language, self._wall() + LIFETIME)
        mine = self._by_line.setdefault(msisdn, [])
        mine.append(text)
        if len(mine) > _PER_LINE:
            self._take(mine[0])
        if len(self._tickets) > _AT_ONCE:
            self._take(next(iter(self._tickets)))
        return text

    def redeem(self, text: str) -> Ticket | None:
        """The ticket, which is spent by this; None if it is unknown, spent or over."""
        ticket = self._take(text)
        return ticket if ticket is not None and self._wall() < ticket.expires else None

    def _take(self, text: str) -> Ticket | None:
        ticket = self._tickets.pop(text, None)
        if ticket is not None:
            mine = self._by_line[ticket.msisdn]
            mine.remove(text)
            if not mine:
                del self._by_line[ticket.msisdn]
        return ticket

    def _drop_expired(self) -> None:
        now = self._wall()
        while self._tickets:
            text, oldest = next(iter(self._tickets.items()))
            if now < oldest.expires:
                return
            self._take(text)
