"""Bearers that have ended are replaced by others, and workers with them: real workers, bearers of the tests' own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from nfemu.carrier.ports import LineState
from nfemu.gateway.gateway import Gateway
from nfemu.gateway.ports import GatewayRules
from nfemu.gateway.rules import RuleSource
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi, PolicyName
from nfemu.model.policy import Limits, PolicyProfile, Verdict
from nfemu.model.usage import Allowance, Usage
from tests.gateway.samples import NOBODY, OPEN, PORTAL, RULES, RULES_OPEN_ONLY, line
from tests.gateway.test_gateway import NoNames, ask, config, pids, relisten

MORNING = datetime.fromisoformat("2026-11-02T08:00:00+08:00")
CAPPED = RuleSource(
    (PORTAL,), (OPEN, PolicyProfile(PolicyName("arrears"), Verdict.REJECT, (PORTAL.name,), limits=Limits(1000)))
)


@dataclass
class FakeBearers:
    """Implements BearerPoint. Begins when `may_begin` is set, or fails."""

    failure: Unavailable | None = None
    workers: Sequence[socket.socket] = ()
    begun: tuple[GatewayRules, dict[Imsi, LineState]] | None = None
    applied: list[LineState] = field(default_factory=list)
    switched: list[GatewayRules] = field(default_factory=list)
    used: list[Allowance] = field(default_factory=list)
    days: list[datetime] = field(default_factory=list)
    beginning: asyncio.Event = field(default_factory=asyncio.Event)
    may_begin: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.workers = [socket.create_server(("127.0.0.1", 0))]
        self.address: tuple[str, int] = self.workers[0].getsockname()
        self.may_begin.set()

    def compile(self, rules: GatewayRules) -> object:
        return rules

    async def begin(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        self.begun = rules, {each.imsi: each for each in lines}
        self.beginning.set()
        await self.may_begin.wait()
        if self.failure is not None:
            raise self.failure

    async def hold(self) -> None:
        """Nobody's lines."""

    async def begin_anew(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        await self.begin(rules, lines)

    async def apply(self, state: LineState) -> None:
        self.applied.append(state)

    async def switch(self, rules: GatewayRules, states: Sequence[LineState]) -> None:
        self.switched.append(rules)

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        self.used += allowances

    def day_began(self, ends_at: datetime) -> None:
        self.days.append(ends_at)


@asynccontextmanager
async def running(folder: Path, first: FakeBearers, rules: RuleSource = RULES) -> AsyncIterator[Gateway]:
    gateway = Gateway(config(folder, workers=1), rules, NoNames(), lambda: [line()], NOBODY)
    await gateway.start(first)
    try:
        yield gateway
    finally:
        await gateway.stop()


async def test_the_others_serve_with_workers_of_their_own(tmp_path: Path) -> None:
    first, second = FakeBearers(), FakeBearers()
    async with running(tmp_path, first) as gateway:
        (before,) = pids(gateway)
        assert (await ask(gateway, where=first.address))[0] == str(before)
        await gateway.apply(line(version=2, policy="arrears"))
        await relisten(gateway, RULES_OPEN_ONLY, {})
        await gateway.exchange_bearers(second)
        (after,) = pids(gateway)
        assert (await ask(gateway, where=second.address))[0] == (await ask(gateway))[0] == str(after) != str(before)
        with pytest.raises(ConnectionRefusedError):
            await ask(gateway, where=first.address)
        assert second.begun is not None
        rules, lines = second.begun
        assert (rules.policies.names, lines[line().imsi].version) == (("open",), 2)
        assert len(second.days) == 1


async def test_what_changes_while_they_begin_reaches_them_and_waits_for_nobody(tmp_path: Path) -> None:
    first, second = FakeBearers(), FakeBearers()
    second.may_begin.clear()
    async with running(tmp_path, first) as gateway:
        exchanging = asyncio.create_task(gateway.exchange_bearers(second))
        await second.beginning.wait()
        restricted = line(version=2, policy="arrears")
        await gateway.apply(restricted)
        assert second.applied == [restricted]
        reloading = asyncio.create_task(gateway.reload(RULES_OPEN_ONLY))
        second.may_begin.set()
        await asyncio.gather(exchanging, reloading)
        assert [rules.policies.names for rules in second.switched] == [("open",)], "rules wait for their turn"


async def test_other_people_come_to_bearers_that_have_begun(tmp_path: Path) -> None:
    """Also where they come while those begin; what ends meanwhile is not waited for."""
    first, second = FakeBearers(), FakeBearers()
    second.may_begin.clear()
    people = [line(version=9)]
    gateway = Gateway(config(tmp_path, workers=1), RULES, NoNames(), lambda: people, NOBODY)

    def enter() -> datetime:
        people[:] = [line(1)]
        return MORNING

    await gateway.start(first)
    try:
        exchanging = asyncio.create_task(gateway.exchange_bearers(second))
        await second.beginning.wait()
        changing = asyncio.create_task(gateway.change_people(enter))
        second.may_begin.set()
        await asyncio.gather(exchanging, changing)
        assert second.begun is not None
        assert list(second.begun[1].values()) == [line(1)]
        assert (await ask(gateway, line(1).msisdn, second.address))[1:3] == ["open", "1"]
    finally:
        await gateway.stop()


async def test_others_that_cannot_begin_change_nothing(tmp_path: Path) -> None:
    first, second = FakeBearers(), FakeBearers(Unavailable("no core network"))
    async with running(tmp_path, first) as gateway:
        before = pids(gateway)
        with pytest.raises(Unavailable, match="no core network"):
            await gateway.exchange_bearers(second)
        assert pids(gateway) == before
        assert (await ask(gateway))[0] == str(before[0])
        with pytest.raises(ConnectionRefusedError):
            await ask(gateway, where=second.address)


async def test_what_was_used_before_counts_for_the_others(tmp_path: Path) -> None:
    first, second = FakeBearers(), FakeBearers()
    async with running(tmp_path, first, CAPPED) as gateway:
        gateway.reports.used([Usage(line().imsi, PolicyName("arrears"), "portal", 300, 400)])
        assert gateway.capped(line().imsi) == frozenset()
        await gateway.exchange_bearers(second)
        async with asyncio.timeout(20):
            while not second.used:  # noqa: ASYNC110 - told by a task of the gateway's
                await asyncio.sleep(0)
        assert [each.others for each in second.used] == [700]
        gateway.reports.used([Usage(line().imsi, PolicyName("arrears"), "portal", 0, 300)])
        assert gateway.capped(line().imsi) == {"arrears"}
        assert gateway.capped(Imsi("460001380013999")) == frozenset()


@pytest.mark.parametrize("exchanged", [True, False])
async def test_what_they_report_while_they_begin_is_no_use_elsewhere(tmp_path: Path, exchanged: bool) -> None:
    """In place of others, or for other people."""
    first = FakeBearers()
    async with running(tmp_path, first, CAPPED) as gateway:
        bearers = FakeBearers() if exchanged else first
        bearers.beginning.clear()
        bearers.may_begin.clear()
        began = gateway.exchange_bearers(bearers) if exchanged else gateway.change_people(lambda: MORNING)
        beginning = asyncio.create_task(began)
        await bearers.beginning.wait()
        gateway.reports.used([Usage(line().imsi, PolicyName("arrears"), "portal", 300, 400)])
        bearers.may_begin.set()
        await beginning
        async with asyncio.timeout(20):
            while len(bearers.used) < 2:  # noqa: ASYNC110 - told by tasks of the gateway's
                await asyncio.sleep(0)
        assert [each.others for each in bearers.used] == [0, 0]


async def test_a_gateway_that_does_not_run_takes_none(tmp_path: Path) -> None:
    gateway = Gateway(config(tmp_path), RULES, NoNames(), list, NOBODY)
    bearers = FakeBearers()
    with pytest.raises(Unavailable, match="does not run"):
        await gateway.exchange_bearers(bearers)
    bearers.workers[0].close()
