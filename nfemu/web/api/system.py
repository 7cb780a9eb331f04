"""The rest of `/api/v1`: business clock, status, reload, reset, links into the pages."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter

from nfemu import __version__
from nfemu.model.durations import duration
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import AccountId
from nfemu.runtime.agenda import Happening
from nfemu.runtime.clocks import TestClock
from nfemu.web.api.backend import ApiBackend, ApiConfig, Carrier
from nfemu.web.api.document import declare
from nfemu.web.api.login import Logins
from nfemu.web.api.models import (
    AdvanceIn,
    ClockOut,
    ComponentOut,
    ConfigChangeOut,
    Done,
    LoginLinkIn,
    LoginLinkOut,
    OwnClockOut,
    Reloaded,
    SetClockIn,
    StatusOut,
)


class System:
    """`logins` issues the links that `/login` takes."""

    def __init__(self, carrier: Carrier, config: ApiConfig, backend: ApiBackend, logins: Logins) -> None:
        self._carrier = carrier
        self._config = config
        self._backend = backend
        self._logins = logins

    def router(self) -> APIRouter:
        return declare(
            APIRouter(tags=["system"]),
            ("GET", "/clock", self._show_clock, "getClock"),
            ("POST", "/clock/advance", self._advance_clock, "advanceClock"),
            ("PUT", "/clock", self._set_clock, "setClock"),
            ("GET", "/status", self._status, "getStatus"),
            ("POST", "/reload", self._reload, "reloadConfiguration"),
            ("POST", "/rotate-keys", self._rotate_keys, "rotateTokenKeys"),
            ("POST", "/login-links", self._login_link, "createLoginLink"),
            ("POST", "/reset", self._reset, "resetState"),
        )

    async def _show_clock(self) -> ClockOut:
        """Business time."""
        return self._clock()

    async def _advance_clock(self, advance: AdvanceIn) -> ClockOut:
        """Move the test clock forward, or an account's own; the answer says what fell due."""
        by = duration(advance.by)
        if advance.account is not None:
            return self._clock(await self._carrier().advance_account(AccountId(advance.account), by))
        return self._clock(await self._carrier().advance_clock(by))

    async def _set_clock(self, target: SetClockIn) -> ClockOut:
        """Move the test clock forward to a moment, or an account's own; the answer says what fell due."""
        if target.to.tzinfo is None:
            raise InvalidInput(f"time `{target.to.isoformat()}` has no zone; write it like 2026-11-01T08:00:00+08:00")
        if target.account is not None:
            return self._clock(await self._carrier().set_account_clock(AccountId(target.account), target.to))
        return self._clock(await self._carrier().set_clock(target.to))

    async def _status(self) -> StatusOut:
        """Is everything there that should be?"""
        components = [
            ComponentOut(name=each.name, healthy=each.healthy, detail=each.detail)
            for each in self._backend.components()
        ]
        return StatusOut(
            version=__version__,
            healthy=all(each.healthy for each in components),
            subscribers=await self._carrier().count_subscribers(),
            clock=self._clock(),
            components=components,
        )

    async def _reload(self, dry_run: bool = False) -> Reloaded:
        """Read the configuration again: applied whole, or refused whole and the old one stays.

        The answer says what has changed, for whom, and what is not applied. With `dry_run` nothing is applied.
        """
        reload = self._backend.preview_reload if dry_run else self._backend.reload
        return Reloaded(dry_run=dry_run, changes=[ConfigChangeOut(**asdict(change)) for change in await reload()])

    async def _rotate_keys(self) -> Done:
        """Seal enrichment tokens with a fresh key; what the previous one sealed still opens until the next rotation."""
        return Done(done=list(await self._backend.rotate_keys()))

    async def _reset(self) -> Done:
        """Back to the shipped state: ledger, orders, sessions and timeline are emptied."""
        return Done(done=list(await self._backend.reset()))

    async def _login_link(self, wanted: LoginLinkIn) -> LoginLinkOut:
        """A link that opens the pages in a browser, once."""
        target: str = wanted.page
        if wanted.number is not None:
            card = await self._carrier().find(wanted.number)
            target = f"/inbox/{card.msisdn.national(self._config.country_code)}"
        return LoginLinkOut(path=f"/login?token={self._logins.link(target)}")

    def _clock(self, happened: Sequence[Happening] = ()) -> ClockOut:
        kind: Literal["test", "wall"] = "test" if isinstance(self._carrier().clock, TestClock) else "wall"
        zone = self._config.timezone
        lines = [f"{each.at.astimezone(zone).isoformat(sep=' ', timespec='seconds')} {each.text}" for each in happened]
        own = [
            OwnClockOut(account=account, now=now.astimezone(zone))
            for account, now in self._carrier().clocks.own().items()
        ]
        return ClockOut(now=self._carrier().now().astimezone(zone), kind=kind, own=own, happened=lines)
