"""A point's resolver: asks the control process, remembers the answers for as long as they hold."""

import asyncio
from collections.abc import Callable
from itertools import count

from nfemu.gateway.link.messages import Failure, Resolve, Resolved, Unresolved
from nfemu.gateway.memory import AnswerMemory
from nfemu.gateway.ports import Route
from nfemu.model.errors import NotFound, Unavailable

_PATIENCE_S = 6.0
"""Seconds to wait for an answer: a little longer than the control process waits for the real DNS."""
_GONE = "nobody answers any more: the control process is gone, or other people have come; try again"


Answer = Resolved | Unresolved


class RemoteNames:
    """Implements Resolver. `send` puts a question on the link."""

    def __init__(self, send: Callable[[Resolve], None]) -> None:
        self._send = send
        self._numbers = count(1)
        self._known: AnswerMemory[str, Answer] = AnswerMemory()
        self._asked: dict[str, asyncio.Future[Answer]] = {}
        self._hosts: dict[int, str] = {}
        self._current = 0

    async def resolve(self, host: str) -> Route:
        """See Resolver. One question at a time per name, however many connections wait for it."""
        known = self._known.recall(host)
        if known is not None:
            return _route(known)
        try:
            return _route(await asyncio.wait_for(asyncio.shield(self._question(host)), _PATIENCE_S))
        except TimeoutError as error:
            raise Unavailable(f"`{host}` was not resolved in time; try again") from error

    def _question(self, host: str) -> asyncio.Future[Answer]:
        asked = self._asked.get(host)
        if asked is None:
            asked = self._asked[host] = asyncio.get_running_loop().create_future()
            number = next(self._numbers)
            self._hosts[number] = host
            self._send(Resolve(number, host))
        return asked

    def answered(self, answer: Answer) -> None:
        """An answer has arrived; one to a question from before the last `forget` is told, but not remembered."""
        host = self._hosts.pop(answer.id, None)
        if host is None:
            return
        asked = self._asked.pop(host, None)
        if asked is not None and not asked.done():
            asked.set_result(answer)
        if answer.id > self._current:
            self._known.keep(host, answer, answer.ttl_s)

    def forget(self) -> None:
        """The rules have changed: every name is asked for again."""
        self._known.forget()
        self._current = max(self._hosts, default=self._current)

    def give_up(self) -> None:
        """The link has ended, or other people come: whoever waits is told so, and later answers are to nobody."""
        self.forget()
        for number, asked in enumerate(self._asked.values()):
            if not asked.done():
                asked.set_result(Unresolved(number, 0.0, Failure.UNAVAILABLE, _GONE))
        self._asked.clear()
        self._hosts.clear()


def _route(answer: Answer) -> Route:
    if isinstance(answer, Resolved):
        return answer.route()
    raise (NotFound if answer.failure is Failure.NOT_FOUND else Unavailable)(answer.text)
