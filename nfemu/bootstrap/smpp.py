"""The message centre of a running carrier. It outlives the lives whose messages it passes on, and follows a reload."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from nfemu.bootstrap.status import text
from nfemu.client.state import StateFolder
from nfemu.messaging.centre import SmppListener
from nfemu.messaging.queue import RelayQueue, Source
from nfemu.messaging.receiver import Terms
from nfemu.runtime.keys import read_private, write_private
from nfemu.settings.configuration import Smpp
from nfemu.web.api.backend import Component


class SmppSide:
    """Off where the configuration has no `notices.smpp`. `source` is the store of the moment."""

    def __init__(self, state: StateFolder, source: Callable[[], Source]) -> None:
        self._state = state
        self._queue = RelayQueue(source)
        self._settings: Smpp | None = None
        self._listener: SmppListener | None = None

    def wake(self) -> None:
        """Short messages wait for receivers."""
        self._queue.wake()

    async def start(self, settings: Smpp | None) -> None:
        """Raises Conflict for a port in use, InvalidInput for an address that is not ours."""
        if settings is not None:
            self._listener = self._made(settings)
            await self._listener.start()
        self._settings = settings

    async def stop(self) -> None:
        if self._listener is not None:
            await self._listener.stop()

    @asynccontextmanager
    async def following(self, settings: Smpp | None) -> AsyncIterator[None]:
        """Around a reload: listens elsewhere beside the old place, which goes in the end; or as before, if that fails.

        Raises as `start`.
        """
        before, old = self._settings, self._listener
        if settings == before:
            yield
            return
        if before is not None and settings is not None and (before.host, before.port) == (settings.host, settings.port):
            yield
            await self.stop()
            await self.start(settings)
            return
        new = None if settings is None else self._made(settings)
        if new is not None:
            await new.start()
        try:
            yield
        except BaseException:
            if new is not None:
                await new.stop()
            raise
        self._settings, self._listener = settings, new
        if old is not None:
            await old.stop()

    def address(self) -> str | None:
        """None while it is off."""
        return None if self._listener is None else text(self._listener.address)

    def components(self) -> list[Component]:
        """For `nfemu status`."""
        if self._listener is None or self._settings is None:
            return []
        count = self._listener.receivers()
        whose = f"system_id {self._settings.system_id}, password in {self._state.smpp_password}"
        return [Component("smpp", True, f"{self.address()}, {whose}, {count} bound")]

    def _made(self, settings: Smpp) -> SmppListener:
        terms = Terms(settings.system_id, settings.source, _password(self._state))
        return SmppListener(self._queue, terms, settings.host, settings.port)


def _password(state: StateFolder) -> str:
    """Generated at first use, mode 0600; SMPP has room for eight characters (section 4.1.1)."""
    if not state.smpp_password.exists():
        write_private(state.smpp_password, secrets.token_urlsafe(6).encode())
    return read_private(state.smpp_password).decode().strip()
