"""Faults that wait for their orders. In memory they are taken without waiting, and in the books with the order."""

from dataclasses import replace

from nfemu.model.errors import InvalidInput
from nfemu.web.wechat.books import Books
from nfemu.wechat.faults import Armed, Fault, by_amount

MOST = 100_000
"""Orders for which one fault is armed."""


class Arming:
    """`load` before it is used."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._armed: dict[int, Armed] = {}
        self._last = 0

    async def load(self) -> None:
        """Raises Unavailable."""
        self._armed = {armed.no: armed for armed in await self._books.armed()}
        self._last = max(self._armed, default=0)

    def all(self) -> list[Armed]:
        """Oldest first."""
        return list(self._armed.values())

    async def arm(self, fault: Fault, mchid: str = "", out_trade_no: str = "", count: int = 1) -> Armed:
        """For the next `count` orders, of that merchant or number if it is given. Raises InvalidInput, Unavailable."""
        if not 1 <= count <= MOST:
            raise InvalidInput(f"a fault cannot be armed for `{count}` orders; write 1 to {MOST}")
        self._last += 1
        armed = Armed(self._last, fault, mchid, out_trade_no, count)
        await self._books.keep([armed])
        self._armed[armed.no] = armed
        return armed

    async def disarm(self) -> int:
        """All of them; how many there were. Raises Unavailable."""
        none_left = [replace(armed, left=0) for armed in self._armed.values()]
        await self._books.keep(none_left)
        self._armed.clear()
        return len(none_left)

    def take(self, mchid: str, out_trade_no: str, total: int) -> tuple[Fault | None, tuple[Armed, ...]]:
        """The fault of a new order, and what the books must hear of it: one for its number first, then one by its
        amount, then whatever waits longest."""
        fitting = [armed for armed in self._armed.values() if armed.concerns(mchid, out_trade_no)]
        named = next((armed for armed in fitting if armed.out_trade_no), None)
        by_its_amount = by_amount(total)
        if named is None and by_its_amount is not None:
            return by_its_amount, ()
        armed = named or next(iter(fitting), None)
        if armed is None:
            return None, ()
        used = replace(armed, left=armed.left - 1)
        if used.left:
            self._armed[used.no] = used
        else:
            del self._armed[used.no]
        return used.fault, (used,)
