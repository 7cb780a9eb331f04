"""Plays the cases one after the other and scores each on what arrived and what came back."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from string import Template
from typing import Protocol

from nfemu.attack.access import OPENED, REFUSED, enter
from nfemu.attack.authority import AUTHORITY
from nfemu.attack.beyond import BEYOND
from nfemu.attack.expectations import harm, untouched
from nfemu.attack.limits import MAX_SENT, SETTLE_S
from nfemu.attack.plan import Plan
from nfemu.attack.smuggling import SMUGGLING
from nfemu.attack.spoofing import SPOOFING
from nfemu.attack.state import STATE
from nfemu.attack.talk import Talk
from nfemu.attack.tls import tls
from nfemu.attack.values import (
    ANOTHER_FORM,
    NO_SUCH_FORM,
    Answer,
    Case,
    Family,
    Flip,
    Form,
    Line,
    Observation,
    Result,
    Send,
    Verdict,
)

_AGAIN_S = 0.005
_MARK = re.compile(rb"/attack-[0-9]+-")
_PROXY_ONLY = re.compile(r"<<(.*?)>>")


class Arrival(Protocol):
    """One connection that an origin got."""

    @property
    def sent(self) -> bytearray: ...

    @property
    def ended(self) -> asyncio.Event: ...


class Origin(Protocol):
    """Whoever keeps what arrives."""

    @property
    def connections(self) -> Sequence[Arrival]: ...


def families(plan: Plan) -> tuple[Family, ...]:
    """Every table, for these destinations."""
    return (SPOOFING, SMUGGLING, AUTHORITY, tls(plan.trusted.host, plan.other.host), STATE, BEYOND)


class _Arrivals:
    """What the origins got since this was made. What bears another case's mark has come late, from that one."""

    def __init__(self, trusted: Origin, other: Origin | None, mark: bytes) -> None:
        self._mark = mark
        self._origins = [trusted] if other is None else [trusted, other]
        self._before = [len(origin.connections) for origin in self._origins]

    def _new(self, index: int) -> Sequence[Arrival]:
        new = self._origins[index].connections[self._before[index] :]
        return [each for each in new if self._mark in each.sent or not _MARK.search(each.sent)]

    def trusted(self) -> tuple[bytes, ...]:
        return tuple(bytes(each.sent) for each in self._new(0) if each.sent)

    def elsewhere(self) -> tuple[bytes, ...]:
        return tuple(bytes(each.sent) for each in self._new(1) if each.sent)

    async def wait_for(self, text: bytes) -> None:
        """Until somebody has it; not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while not any(text in each.sent for index in range(len(self._origins)) for each in self._new(index)):
                    if not text:
                        return
                    await asyncio.sleep(_AGAIN_S)

    async def settle(self) -> None:
        """Until every connection has ended; a proxy that keeps its connections is not waited for longer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                for index in range(len(self._origins)):
                    for arrival in self._new(index):
                        await arrival.ended.wait()


@dataclass(slots=True)
class Runner:
    """`other` None: what reaches the other destination shows in the answers only."""

    plan: Plan
    trusted: Origin
    other: Origin | None = None
    numbers: Iterator[int] = field(default_factory=count)

    async def run(self, chosen: Iterable[Family]) -> AsyncIterator[Result]:
        """Every case on every line in every form; the line is left open where it can be changed."""
        tables = tuple(chosen)
        for line in self.plan.lines:
            await self._change(Flip.RESTRICT if line is Line.RESTRICTED else Flip.RESTORE)
            for family in tables:
                for case in family.cases:
                    async for result in self._case(family, case, line):
                        yield result
        await self._change(Flip.RESTORE)

    async def _case(self, family: Family, case: Case, line: Line) -> AsyncIterator[Result]:
        for form in Form:
            expected = case.expected(line)
            reason = self._reason(case, form, line)
            if reason is not None:
                verdict, got, harmful = Verdict.NOT_APPLICABLE, reason, False
            else:
                verdict, got, harmful = _score(case, form, await self.play(case, form, line))
            yield Result(family.name, case.name, form.value, line.value, expected.text, got, verdict, harmful)

    async def play(self, case: Case, form: Form, line: Line) -> Observation:
        """Play one case. Raises Unavailable when the proxy is not there any more."""
        mark = f"attack-{next(self.numbers)}-"
        arrived = _Arrivals(self.trusted, self.other, mark.encode())
        names = self.plan.names(form, mark)
        to = Template(case.to).substitute(names)
        talk, tunnel = await enter(self.plan, form, to, raw=case.raw)
        try:
            opened = tunnel in (None, OPENED)
            answers = await self._steps(case, talk, _texts(form, names), arrived) if opened else []
        finally:
            talk.close()
        if form is Form.BEARER and talk.closed and not talk.received:
            tunnel = REFUSED
        await arrived.settle()
        if Flip.RESTRICT in case.steps and line is Line.OPEN:
            await self._change(Flip.RESTORE)
        return Observation(
            self.plan.identity,
            line,
            tuple(answers),
            bytes(talk.received),
            talk.closed,
            arrived.trusted(),
            arrived.elsewhere() if self.other is not None else _echoed(answers, talk),
            tunnel,
        )

    async def _steps(self, case: Case, talk: Talk, write: Callable[[str], bytes], arrived: _Arrivals) -> list[Answer]:
        """Send and read by turns; what comes last is read to its end where the proxy says that it ends."""
        answers: list[Answer] = []
        sent = 0
        wait = False
        for step in case.steps:
            if isinstance(step, Flip):
                await self._change(step)
                continue
            data = write(step.text)
            sent += len(data)
            if sent > MAX_SENT:
                raise ValueError(f"case `{case.name}` sends more than {MAX_SENT} octets")
            await talk.send(data, split=step.split)
            new = await _answers(step, talk, head_only=data.startswith(b"HEAD "))
            answers += new
            await arrived.wait_for(step.arrives.encode())
            wait = len(new) < step.answers or not step.answers or new[-1].closes
        if wait and isinstance(case.steps[-1], Send) and not talk.closed:
            await talk.rest()
        return answers

    def _reason(self, case: Case, form: Form, line: Line) -> str | None:
        """Why a case is not played; None if it is."""
        if case.left_out:
            return case.left_out
        if form not in case.forms:
            return ANOTHER_FORM
        if not self.plan.has(form):
            return NO_SUCH_FORM
        if any(isinstance(step, Flip) for step in case.steps) and line is Line.RESTRICTED:
            return "begins on an open line"
        return next((need.value for need in sorted(case.needs, key=str) if self.plan.lacks(need)), None)

    async def _change(self, flip: Flip) -> None:
        if self.plan.flip is not None:
            await self.plan.flip(flip)


def _texts(form: Form, names: dict[str, str]) -> Callable[[str], bytes]:
    """Makes a table's text what is sent in this form."""
    kept = r"\1" if form is Form.PROXY else ""
    return lambda text: Template(_PROXY_ONLY.sub(kept, text)).substitute(names).encode("latin-1")


async def _answers(step: Send, talk: Talk, *, head_only: bool) -> list[Answer]:
    found: list[Answer] = []
    while len(found) < step.answers:
        answer = await talk.answer(head_only=head_only)
        if answer is None:
            break
        found.append(answer)
    return found


def _score(case: Case, form: Form, seen: Observation) -> tuple[Verdict, str, bool]:
    damage = harm(seen)
    if damage is not None and form is Form.BEARER and untouched(seen):
        return Verdict.UNTOUCHED, "passes in the kernel as it was sent", False
    wrong = damage or case.expected(seen.line).complaint(seen)
    return (Verdict.RIGHT, "as expected", False) if wrong is None else (Verdict.WRONG, wrong, damage is not None)


def _echoed(answers: Sequence[Answer], talk: Talk) -> tuple[bytes, ...]:
    """Somebody answered who is none of ours: what the pages show of the request stands for it."""
    strangers = [answer for answer in answers if answer.status == 200 and answer.origin is None]
    page = b"\n".join(filter(None, talk.received.splitlines()))
    return tuple(b"GET / HTTP/1.1\n" + page + b"\n\n" for _ in strangers)
