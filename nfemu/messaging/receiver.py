"""One connection of a receiver: bound by password, given messages, each until it is acknowledged.

A PDU that cannot be is answered with a generic_nack and hurts nobody else; where not even its length can be, the
connection ends, since the next one's beginning is lost. A receiver that says nothing is asked by enquire_link, and let
go when it does not answer: what it had not acknowledged is another one's.
"""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from nfemu.messaging import pdus
from nfemu.messaging.queue import RelayQueue
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import NoticeId

_log = logging.getLogger(__name__)
_WINDOW = 10
"""Messages that may be with one receiver, not acknowledged."""
_GONE = (pdus.OK, pdus.PERMANENT_ERROR, pdus.REJECTED)
"""After these a message does not come again."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Of whoever binds. `source`: whom messages come from."""

    system_id: str
    source: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. `bind`: until a connection has bound. `silence`: until one that says nothing is asked, and again until
    it is let go. `refused`: before a wrong password is answered. `again`: until a message comes again that a receiver
    could not take."""

    bind: float = 10.0
    silence: float = 30.0
    refused: float = 1.0
    again: float = 5.0


class Unbind(Exception):
    """The connection is to end."""


class Receiver:
    """`run` returns when the connection has ended, which it may at any time."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        queue: RelayQueue,
        terms: Terms,
        patience: Patience,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._queue = queue
        self._terms = terms
        self._patience = patience
        self._numbers: Iterator[int] = count(1)
        self._held: set[NoticeId] = set()
        """Messages that are with this receiver."""
        self._parts: dict[int, NoticeId] = {}
        """Sequence number of a part that is not answered → its message."""
        self._room = asyncio.Event()
        self._feeding: asyncio.Task[None] | None = None
        self.bound = False

    async def run(self) -> None:
        try:
            await self._converse()
        except (Unbind, OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            await self._end()

    def leave(self) -> None:
        """End the connection now; `run` returns then."""
        self._writer.transport.abort()

    async def _converse(self) -> None:
        async with asyncio.timeout(self._patience.bind):
            while not self.bound:
                await self._hear(*await self._read())
        while True:
            await self._hear(*await self._read_patiently())

    async def _read(self) -> tuple[pdus.Head, bytes]:
        """The next PDU. Raises Unbind where there is none any more."""
        octets = await self._reader.readexactly(pdus.HEADER.size)
        try:
            head = pdus.Head.read(octets)
        except InvalidInput as error:
            _log.warning("a receiver is let go: %s", error)
            await self._say(pdus.answer(pdus.GENERIC_NACK, 0, pdus.INVALID_LENGTH))
            raise Unbind from None
        return head, await self._reader.readexactly(head.body)

    async def _read_patiently(self) -> tuple[pdus.Head, bytes]:
        reading = asyncio.ensure_future(self._read())
        try:
            if not (await asyncio.wait([reading], timeout=self._patience.silence))[0]:
                await self._say(pdus.enquire_link(next(self._numbers)))
            return await asyncio.wait_for(reading, self._patience.silence)
        finally:
            reading.cancel()

    async def _hear(self, head: pdus.Head, body: bytes) -> None:
        match head.command:
            case pdus.BIND_RECEIVER | pdus.BIND_TRANSMITTER | pdus.BIND_TRANSCEIVER:
                await self._bind(head, body)
            case pdus.ENQUIRE_LINK:
                await self._say(pdus.answer(head.command, head.sequence, pdus.OK))
            case pdus.ENQUIRE_LINK_RESP | pdus.UNBIND_RESP | pdus.GENERIC_NACK:
                self._refused(head.sequence)
            case pdus.UNBIND:
                await self._say(pdus.answer(head.command, head.sequence, pdus.OK))
                raise Unbind
            case pdus.DELIVER_SM_RESP:
                await self._delivered(head)
            case pdus.SUBMIT_SM:
                status = pdus.SUBMIT_FAILED if self.bound else pdus.INCORRECT_BIND_STATUS
                await self._say(pdus.answer(head.command, head.sequence, status))
            case _:
                await self._say(pdus.answer(pdus.GENERIC_NACK, head.sequence, pdus.INVALID_COMMAND))

    async def _bind(self, head: pdus.Head, body: bytes) -> None:
        if self.bound:
            await self._say(pdus.answer(head.command, head.sequence, pdus.ALREADY_BOUND))
            return
        status = self._admission(body)
        if status != pdus.OK:
            await asyncio.sleep(self._patience.refused)
            await self._say(pdus.answer(head.command, head.sequence, status))
            raise Unbind
        self.bound = True
        await self._say(pdus.bound(head.command, head.sequence, self._terms.system_id))
        if head.command != pdus.BIND_TRANSMITTER:
            self._feeding = asyncio.create_task(self._feed(), name="smpp receiver")

    def _admission(self, body: bytes) -> int:
        try:
            system_id, password = pdus.credentials(body)
        except InvalidInput as error:
            _log.warning("a receiver cannot bind: %s", error)
            return pdus.BIND_FAILED
        if not hmac.compare_digest(system_id.encode(), self._terms.system_id.encode()):
            return pdus.INVALID_SYSTEM_ID
        if not hmac.compare_digest(password.encode(), self._terms.password.encode()):
            return pdus.INVALID_PASSWORD
        return pdus.OK

    async def _feed(self) -> None:
        """Messages, as many as fit the window, until the connection ends."""
        with contextlib.suppress(OSError):
            while True:
                self._room.clear()
                free = _WINDOW - len(self._held)
                if free <= 0:
                    await self._room.wait()
                    continue
                taken = await self._queue.take(free)
                self._held |= {message.notice.id for message in taken}
                for message in taken:
                    found = [(next(self._numbers), pdu) for pdu in pdus.deliveries(message, self._terms.source)]
                    self._parts |= dict.fromkeys((number for number, _ in found), message.notice.id)
                    await self._say(b"".join(pdus.numbered(pdu, number) for number, pdu in found))

    async def _delivered(self, head: pdus.Head) -> None:
        """A message is acknowledged once all of its parts are."""
        if head.status not in _GONE:
            self._refused(head.sequence)
            return
        notice = self._parts.pop(head.sequence, None)
        if notice is None or notice in self._parts.values():
            return
        if await self._queue.acknowledged(notice):
            self._let_go(notice)
        else:
            self._give_back_later(notice)

    def _refused(self, sequence: int) -> None:
        """The receiver could not take it now: the whole message comes again, after a while."""
        notice = self._parts.get(sequence)
        if notice is None:
            return
        self._parts = {number: other for number, other in self._parts.items() if other != notice}
        self._give_back_later(notice)

    def _give_back_later(self, notice: NoticeId) -> None:
        asyncio.get_running_loop().call_later(self._patience.again, self._queue.give_back, [notice])
        self._let_go(notice)

    def _let_go(self, notice: NoticeId) -> None:
        self._held.discard(notice)
        self._room.set()

    async def _say(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def _end(self) -> None:
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.wait([self._feeding])
        self._queue.give_back(list(self._held))
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
