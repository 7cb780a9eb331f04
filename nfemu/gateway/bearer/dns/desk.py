"""Whose question it is, and what was answered to it before.

Theory. An answer is a function of the question's octets after the id, of the rules, and of the line: of its policy
alone where nothing is bound (`common`), else of the line at one version. So there is one memory for each policy, and
one for each sender of a line, of which a phone with many addresses is one; both end with the rules, the second with the
line's version. An open line's hot names are answered from the first without being parsed.

An answer is made for the rules and the line as they were when its question was judged. Looking names up and binding
takes time; where either has changed meanwhile, the question is judged again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.dns.answering import Answered, Answering
from nfemu.gateway.bearer.dns.messages import Query, Rcode, Reply, write
from nfemu.gateway.bearer.dns.pace import Pace
from nfemu.gateway.bearer.dns.ports import Lines
from nfemu.gateway.memory import AnswerMemory
from nfemu.gateway.ports import GatewayRules
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound
from nfemu.model.identity import Imsi, PolicyName
from nfemu.policy.names import canonical_address
from nfemu.runtime.crowd import sender

Wire = AnswerMemory[bytes, bytes]
"""Question to answer, both without the id."""

_OF_A_SOURCE = 128
_SOURCES = 4_096
"""With the line above: half a million answers at the most."""
_TRIES = 3
_WAITING_OF_A_LINE = 128
_WAITING = 4_096


@dataclass(frozen=True, slots=True)
class _Source:
    line: LineState
    common: Wire
    own: Wire = field(default_factory=lambda: AnswerMemory(_OF_A_SOURCE))

    def recall(self, asked: bytes) -> bytes | None:
        answer = self.common.recall(asked)
        return answer if answer is not None else self.own.recall(asked)

    def keep(self, message: bytes, answered: Answered) -> None:
        memory = self.common if answered.common else self.own
        memory.keep(message[2:], answered.message[2:], answered.keep_s)


class Desk:
    """Takes questions from either transport. `source` is the client's address, packed; `now` monotonic, in seconds."""

    def __init__(self, lines: Lines, answering: Answering, now: Callable[[], float] = time.monotonic) -> None:
        self._lines = lines
        self._answering = answering
        self._rules: GatewayRules | None = None
        self._common: dict[PolicyName, Wire] = {}
        self._sources: dict[bytes, _Source] = {}
        self._by_imsi: dict[Imsi, set[bytes]] = {}
        self._pace = Pace(now)
        self._waiting: dict[bytes, int] = {}
        self._waiting_in_all = 0

    def is_current(self) -> bool:
        """Whether what is remembered may be told: it is of these rules, and the lines are up to date."""
        return self._lines.rules() is self._rules and self._lines.fresh()

    def recall(self, source: bytes, message: bytes) -> bytes | None:
        """The answer without its id, where it is remembered. Takes anything at all for a message."""
        known = self._sources.get(sender(source))
        return known.recall(message[2:]) if known is not None else None

    def may_ask(self, source: bytes) -> bool:
        """Whether another question that is not remembered is worked on; to be asked before it is even parsed."""
        return self._pace.allows(sender(source))

    async def answer(self, source: bytes, message: bytes, query: Query, *, tcp: bool) -> bytes:
        """The answer to `query`, which is what `message` says; REFUSED for who is not attached."""
        address = canonical_address(ip_address(source))
        for _ in range(_TRIES):
            line = self._line(address)
            if line is None or line.policy is None:
                return write(query, Reply(Rcode.REFUSED))
            rules = self._follow_rules()
            known = self._known(sender(source), line, line.policy)
            if not tcp and (remembered := known.recall(message[2:])) is not None:
                return message[:2] + remembered
            try:
                answered = await self._answering.answer(rules, line, line.policy, query, tcp=tcp)
            except NotFound:
                return write(query, Reply(Rcode.REFUSED))
            if self._lines.rules() is rules and self._line(address) == line:
                if not tcp:
                    known.keep(message, answered)
                return answered.message
        return write(query, Reply(Rcode.SERVFAIL))

    @contextmanager
    def waiting(self, source: bytes) -> Iterator[bool]:
        """A place in the queue for the length of one question; False: it is full, for this sender or in all."""
        who = sender(source)
        mine = self._waiting.get(who, 0)
        if mine >= _WAITING_OF_A_LINE or self._waiting_in_all >= _WAITING:
            yield False
            return
        self._waiting[who] = mine + 1
        self._waiting_in_all += 1
        try:
            yield True
        finally:
            self._waiting_in_all -= 1
            if self._waiting[who] == 1:
                del self._waiting[who]
            else:
                self._waiting[who] -= 1

    def forget_line(self, imsi: Imsi) -> None:
        """The line has changed."""
        for source in self._by_imsi.pop(imsi, ()):
            del self._sources[source]

    def _line(self, address: IpAddress) -> LineState | None:
        return self._lines.line_at(address) if self._lines.fresh() else None

    def _follow_rules(self) -> GatewayRules:
        rules = self._lines.rules()
        if rules is not self._rules:
            self._rules = rules
            self._common.clear()
            self._sources.clear()
            self._by_imsi.clear()
            self._answering.forget()
        return rules

    def _known(self, who: bytes, line: LineState, policy: PolicyName) -> _Source:
        known = self._sources.get(who)
        if known is not None and known.line == line:
            return known
        if known is not None:
            self._drop(who)
        elif len(self._sources) >= _SOURCES:
            self._drop(next(iter(self._sources)))
        known = self._sources[who] = _Source(line, self._common.setdefault(policy, AnswerMemory()))
        self._by_imsi.setdefault(line.imsi, set()).add(who)
        return known

    def _drop(self, who: bytes) -> None:
        imsi = self._sources.pop(who).line.imsi
        sources = self._by_imsi[imsi]
        sources.discard(who)
        if not sources:
            del self._by_imsi[imsi]
