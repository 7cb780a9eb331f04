"""One lock per account, kept only while somebody holds it or waits for it."""

import asyncio

from nfemu.model.identity import AccountId


class AccountLocks:
    """A table of locks that is never larger than the number of use cases under way."""

    def __init__(self) -> None:
        self._locks: dict[AccountId, asyncio.Lock] = {}
        self._users: dict[AccountId, int] = {}

    def __len__(self) -> int:
        return len(self._locks)

    async def acquire(self, account: AccountId) -> None:
        """Wait until nobody else holds `account`; first come, first served."""
        lock = self._locks.setdefault(account, asyncio.Lock())
        self._users[account] = self._users.get(account, 0) + 1
        try:
            await lock.acquire()
        except BaseException:
            self._leave(account)
            raise

    def release(self, account: AccountId) -> None:
        self._locks[account].release()
        self._leave(account)

    def _leave(self, account: AccountId) -> None:
        self._users[account] -= 1
        if not self._users[account]:
            del self._users[account], self._locks[account]
