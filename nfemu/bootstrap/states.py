"""Named states of the whole carrier: kept as files of the state folder, and put in place of a running carrier's.

    read, check ──▶ refuse what cannot live here ──▶ no use case runs ──▶ COMMIT: the whole content of the store
        ──▶ another life on it ──▶ every point holds, forgets, and takes up its people ──▶ go on as a start would

Up to the commit everything can fail, and then everything is as before. After it nothing is undone: what fails then
makes the carrier start again, on what is stored, as it would after a crash.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nfemu.bootstrap.fingerprint import check_clock, differences, facts_of, network_of, refuse_foreign
from nfemu.bootstrap.life import Beginning, Life
from nfemu.bootstrap.people import exchange
from nfemu.bootstrap.web import wall
from nfemu.model.errors import Conflict, InvalidInput, NfemuError, NotFound, Unavailable
from nfemu.runtime.ids import SeededIds
from nfemu.runtime.keys import load_or_create_key
from nfemu.runtime.memory import keep_out_of_collections
from nfemu.settings import ClockKind
from nfemu.store import SqlStore, state_file
from nfemu.store.content import Part
from nfemu.store.schema import HEAD
from nfemu.store.soundness import check
from nfemu.store.state_file import Header
from nfemu.store.times import to_micros
from nfemu.web.api.backend import NamedState

if TYPE_CHECKING:
    from nfemu.bootstrap.emulator import Emulator

_log = logging.getLogger(__name__)
INITIAL = "initial"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SEED = 32
"""Octets."""
_QUIET_S = 5.0


class States:
    """Implements the API's `States`. Of two at once the second waits."""

    def __init__(self, carrier: "Emulator", turn: asyncio.Lock) -> None:
        """`turn`: shared with whatever else must not happen meanwhile."""
        self._carrier = carrier
        self._turn = turn
        self._tidying: asyncio.TimerHandle | None = None

    async def all(self) -> list[NamedState]:
        return [NamedState(INITIAL), *await asyncio.to_thread(self._saved)]

    async def save(self, name: str) -> NamedState:
        path = self._own(name)
        carrier = self._carrier
        async with self._turn:
            async with carrier.service.at_rest():
                parts = await carrier.store.content()
                count = await carrier.service.count_subscribers()
                now = carrier.service.now()
            configuration = carrier.configuration
            header = Header(
                schema=HEAD,
                saved_at=wall(),
                business_time=now,
                clock=configuration.carrier.clock.value,
                subscribers=count,
                ids=secrets.token_hex(_SEED),
                network=network_of(configuration),
                configuration=await asyncio.to_thread(facts_of, configuration),
            )
            await asyncio.to_thread(_write, path, header, parts)
        return _summary(name, header)

    async def load(self, name: str, clock: datetime | None) -> list[str]:
        if name == INITIAL:
            await self._load_initial(clock)
            return []
        async with self._turn:
            header, parts = await asyncio.to_thread(self._read, name)
            configuration = self._carrier.configuration
            refuse_foreign(name, header, configuration, wall())
            check_clock(clock, configuration, header.business_time)
            await self._go_over(parts, bytes.fromhex(header.ids), header.business_time)
            found = differences(header.configuration, await asyncio.to_thread(facts_of, configuration))
            if clock is not None:
                await self._carrier.service.set_clock(clock)
            return found

    async def _load_initial(self, clock: datetime | None) -> None:
        """A first start, at that business time where it is a test clock's: what is booked then has that time too."""
        carrier = self._carrier
        async with self._turn:
            check_clock(clock, carrier.configuration, None)
            begins = clock or wall()
            test = carrier.configuration.carrier.clock is ClockKind.TEST
            parts = [Part("setting", ("key", "value"), [["clock", str(to_micros(begins))]])] if test else []
            await self._go_over(parts, load_or_create_key(carrier.state.keys / "ids.key", _SEED), begins)

    async def delete(self, name: str) -> None:
        path = self._own(name)
        async with self._turn:
            try:
                await asyncio.to_thread(path.unlink)
            except FileNotFoundError:
                raise _unknown(name) from None
            except OSError as error:
                raise Unavailable(f"`{path}`: {error.strerror}") from error

    async def _go_over(self, parts: Sequence[Part], ids: bytes, clock: datetime) -> None:
        carrier = self._carrier
        beginning = Beginning(SeededIds(ids), clock, secrets.token_bytes(_SEED))
        async with carrier.service.at_rest():
            store = await exchange(carrier.store, carrier.configuration.people, parts)
            async with self._no_way_back():
                await self._begin(store, beginning)
        self._tidy_later()

    async def _begin(self, store: SqlStore, beginning: Beginning) -> None:
        """The next life on that store, for everybody."""
        carrier, before = self._carrier, self._carrier.life
        life = Life(carrier.house, carrier.configuration, store, beginning)

        def enter() -> datetime:
            carrier.enter(life)
            return life.local_now()

        try:
            await life.service.load()
            await carrier.webhooks.begin(store)
            await carrier.gateway.change_people(enter)
        finally:
            if carrier.life is not life:
                await store.close()
        await before.abandon()
        life.plan_opening()
        await life.start()

    def _tidy_later(self) -> None:
        """What lived at the start is out of the collector's sight, the former life too; to look takes long, so it waits
        until nobody loads any more."""
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = asyncio.get_running_loop().call_later(_QUIET_S, keep_out_of_collections)

    @asynccontextmanager
    async def _no_way_back(self) -> AsyncIterator[None]:
        """Raises Unavailable; then the carrier starts again."""
        try:
            yield
        except NfemuError as error:
            _log.error("the state is in the store and cannot be gone over to, the carrier starts again: %s", error)
            self._carrier.start_wanted.set()
            raise Unavailable(
                f"the state is in the store, but could not be put in force ({error}); the carrier starts again on it"
            ) from error
        except BaseException:
            self._carrier.start_wanted.set()
            raise

    @property
    def _folder(self) -> Path:
        return self._carrier.state.states

    def _own(self, name: str) -> Path:
        """The file of a state that may be written. Raises InvalidInput; Conflict for the built-in one."""
        if name == INITIAL:
            raise Conflict(
                f"the state `{INITIAL}` is what the configuration's files give, and cannot be saved or deleted; "
                "choose another name"
            )
        return self._path(name)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"`{name}` is not the name of a state: lower-case letters, digits and `-`, 63 at the most; write it "
                "like after-payment"
            )
        return self._folder / name

    def _read(self, name: str) -> tuple[Header, list[Part]]:
        """Raises NotFound, Conflict, Unavailable."""
        try:
            header, parts = state_file.read(self._path(name))
        except FileNotFoundError:
            raise _unknown(name) from None
        except OSError as error:
            raise Unavailable(f"`{self._path(name)}`: {error.strerror}") from error
        check(name, parts, header.subscribers)
        return header, parts

    def _saved(self) -> list[NamedState]:
        """Regular files; what else lies there is none of ours. Their content is not looked at."""
        paths = sorted(self._folder.iterdir()) if self._folder.is_dir() else ()
        return [_listed(path) for path in paths if _NAME.fullmatch(path.name) and path.is_file()]


def _write(path: Path, header: Header, parts: Sequence[Part]) -> None:
    try:
        state_file.write(path, header, parts)
    except OSError as error:
        raise Unavailable(f"`{path}`: {error.strerror}; the state folder must be writable and have room") from error


def _listed(path: Path) -> NamedState:
    try:
        return _summary(path.name, state_file.read_header(path))
    except (NfemuError, OSError) as error:
        _log.warning("no state that can be loaded: %s", error)
        return NamedState(path.name, damaged=True)


def _summary(name: str, header: Header) -> NamedState:
    return NamedState(name, header.saved_at, header.business_time, header.subscribers)


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no state `{name}`; `nfemu state list` shows all")
