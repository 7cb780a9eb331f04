"""A carrier that a state machine of hypothesis drives: steps under faults, what is expected of them, and recovery.

A step is one or several actions at once, under at most one fault. After it, and before anything recovers, what must
hold at any moment is checked. Then a crashed process starts again, a failed account is finished, and the machine is
at rest.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from nfemu.carrier.lines import line_state
from nfemu.carrier.ports import AccountView, Line
from nfemu.carrier.rules import CarrierRules
from nfemu.epc import pgw
from nfemu.model.errors import NfemuError
from nfemu.model.identity import AccountId, Imsi
from nfemu.model.notices import NoticeState
from nfemu.model.orders import OrderKind, OrderState
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.faults import Crash
from tests.fakes.world import World

ACCOUNTS = [AccountId(name) for name in ("zhang", "li", "wang", "acme", "static")]

LONGEST_QUEUE = 500
"""Seconds of business time in which every queue of a step has run empty."""

Fault = tuple[str, int] | None
"""`crash` and the point at which, or a port and after how many calls it is unavailable; None: nothing fails."""
Action = Callable[[], Awaitable[Any]]


class Machine(RuleBasedStateMachine):
    """`before`: what was ordered when the last step began; empty if there was none. `steps`: of all runs."""

    steps = 0

    def set_up(self, its_rules: CarrierRules) -> None:
        self.loop = asyncio.new_event_loop()
        self.world = World(its_rules)
        self.run(self.world.start())
        self.before: dict[Imsi, OrderedProfile] = {}

    def run(self, awaitable: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(awaitable)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.world.service.stop())
            self.loop.close()

    def step(self, fault: Fault, *actions: Action) -> list[BaseException | None]:
        """All actions at once, under one fault; then whatever recovers from it. What each raised, if anything."""
        Machine.steps += 1
        return self.run(self._step(fault, actions))  # type: ignore[no-any-return]  # of a loop's Any

    async def _step(self, fault: Fault, actions: tuple[Action, ...]) -> list[BaseException | None]:
        self.before = {line.subscriber.imsi: line.subscription.ordered for line in await self.lines()}
        if fault is not None and fault[0] == "crash":
            self.world.faults.crash_at(fault[1])
        elif fault is not None:
            self.world.faults.fail(*fault)
        outcomes = await asyncio.gather(*(action() for action in actions), return_exceptions=True)
        raised = [outcome if isinstance(outcome, BaseException) else None for outcome in outcomes]
        for each in raised:
            if each is not None and not isinstance(each, NfemuError | Crash):
                raise each
        crashed = self.world.faults.crashed
        self.world.faults.heal()
        await self._check_enforcement()
        if crashed:
            await self._start_again()
        await self._recover()
        return raised

    async def _start_again(self) -> None:
        """A process that is gone is followed by the next one."""
        await self.world.restart()

    async def _recover(self) -> None:
        """What is left to do is done, until the machine is at rest."""
        await self._check_nothing_forgotten()
        for account in ACCOUNTS:
            await self.world.service._unfinished.finish(account)
        await self._let_orders_pass()
        await self._realign()
        await self._let_orders_pass()

    async def _let_orders_pass(self) -> None:
        """Business time goes on until no order waits; whoever was given up is resubmitted."""
        service = self.world.service
        for _ in range(LONGEST_QUEUE):
            if service._pump.queue.waiting:
                await service.advance_clock(timedelta(seconds=1))
            elif not await service.orders.resubmit_all():
                return
        raise AssertionError("the queues never run empty")

    async def _realign(self) -> None:
        """What a start could not bring to where the rules want it waits for a retry, which comes now."""
        dunning = self.world.rules.dunning
        for account in await self.world.store.misplaced_accounts(dunning.resume_balance, dunning.restricted):
            assert account in self.world.service._unfinished.realigning, f"`{account}` is forgotten where it is"
            await self.world.service._unfinished.realign(account)

    async def views(self) -> list[AccountView]:
        views = [await self.world.store.account(account) for account in ACCOUNTS]
        return [view for view in views if view is not None]

    async def lines(self) -> list[Line]:
        return [line for view in await self.views() for line in view.lines]

    async def _check_enforcement(self) -> None:
        """What counts as acknowledged is what every point holds; what a point holds has been committed."""
        for line in await self.lines():
            session, held = line.session, self.world.enforcer.lines.get(line.subscriber.imsi)
            if session is None:
                assert held is None, "enforced without a session"
                continue
            committed = line_state(session, self.world.rules.catalogue)
            if pgw.is_acknowledged(session):
                assert held == committed, f"acknowledged is {committed}, enforced {held}"
            elif held is not None:
                assert held.version <= committed.version, "enforced before it was committed"
                assert held.version < committed.version or held == committed

    def _is_settled(self, line: Line, session: PdnSession) -> bool:
        """Acknowledged, and what the catalogue now says."""
        profile = self.world.rules.catalogue.granted(line.subscription)
        current = (session.profile, session.policy) == (profile.name, profile.policy)
        return pgw.is_acknowledged(session) and (current or not pgw.is_active(session))

    async def _check_nothing_forgotten(self) -> None:
        """A process knows what it has left behind, and one that starts what it has found."""
        pending = {each.imsi for each in self.world.store.all_notices() if each.state is NoticeState.PENDING}
        finishing = self.world.service._unfinished.finishing
        for view in await self.views():
            late = [line for line in view.lines if line.session and not self._is_settled(line, line.session)]
            orders = [order for order in view.orders if order.state is OrderState.EXECUTED]
            for order in view.orders:
                if order.state is OrderState.CREATED and order.kind is not OrderKind.REACTIVATE:
                    assert self.world.service._pump.queue.waiting.get(order.id) == order, f"`{order.id}` is forgotten"
            unsent = pending & {line.subscriber.imsi for line in view.lines}
            if late or orders or unsent:
                assert view.account.id in finishing or finishing._running, f"`{view.account.id}` is forgotten"
            elif any(order.kind is OrderKind.REACTIVATE for order in view.orders):
                reactivating = self.world.service._unfinished.reactivating
                waits = view.account.id in reactivating or reactivating._running or view.account.id in finishing
                assert waits, f"reactivation of `{view.account.id}` is forgotten"
