"""One-time tickets: they carry an identity from plain HTTP, where the gateway vouches for it, to HTTPS.

A ticket is good once, for 60 seconds, for one session and generation (G12). Over HTTPS a holder is known by the address
that the gateway vouches for, and by nothing else: only the session that has that address can spend its ticket. To
everybody else a ticket is worth nothing, and it stays good for its owner, so nobody can use it up for somebody else.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nfemu.model.identity import Msisdn, SessionId
from nfemu.model.session import PdnSession
from nfemu.web.portal.line_view import is_same

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

    def issue(self, session: PdnSession, back: str | None, language: str | None) -> str:
        """A new ticket's unguessable text."""
        self._drop_expired()
        text = secrets.token_urlsafe(32)
        expires = self._wall() + LIFETIME
        self._tickets[text] = Ticket(session.msisdn, session.id, session.generation, back, language, expires)
        mine = self._by_line.setdefault(session.msisdn, [])
        mine.append(text)
        if len(mine) > _PER_LINE:
            self._take(mine[0])
        if len(self._tickets) > _AT_ONCE:
            self._take(next(iter(self._tickets)))
        return text

    def current(self, session: PdnSession) -> str:
        """For whoever asks again and again: a ticket of the session with half its life left, else a new one."""
        self._drop_expired()
        good_until = self._wall() + LIFETIME / 2
        for text in self._by_line.get(session.msisdn, ()):
            ticket = self._tickets[text]
            if is_same(session, ticket.session, ticket.generation) and ticket.expires >= good_until:
                return text
        return self.issue(session, None, None)

    def redeem(self, text: str, presenter: PdnSession | None) -> Ticket | None:
        """The ticket, which is spent by this. None where it is unknown, spent or over, or where the `presenter`, the
        active session at the address that it comes from, is not the one that it was issued to."""
        self._drop_expired()
        ticket = self._tickets.get(text)
        if ticket is None or presenter is None or not is_same(presenter, ticket.session, ticket.generation):
            return None
        return self._take(text)

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
