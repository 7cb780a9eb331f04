"""What a data plane does with its flows when a line, the rules or the day change, and what it reports of them."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

from nfemu.carrier.ports import LineState
from nfemu.gateway.engine.caps import Caps
from nfemu.gateway.engine.flows import Flow, FlowTable, Limited, cut_all
from nfemu.gateway.engine.judge import Judge, Line, Refusal
from nfemu.gateway.engine.meter import Key, Meters, limits_of
from nfemu.gateway.ports import LineView, Reports
from nfemu.model.destination import Destination
from nfemu.model.policy import Decision
from nfemu.model.usage import Allowance, Usage

REPORT_EVERY_S = 1.0
"""Between two reports of what lines have used."""


class FlowKeeper:
    """Implements FlowControl for a data plane that enters what it carries, and counts it, with what is kept here."""

    def __init__(self, view: LineView, judge: Judge, reports: Reports) -> None:
        self._view = view
        self._judge = judge
        self._reports = reports
        self._meters = Meters(time.monotonic)
        self.caps = Caps(judge, self._meters)
        self._flows: FlowTable[Limited] = FlowTable()
        self._reporting: asyncio.Task[None] | None = None

    async def line_changed(self, state: LineState) -> None:
        """Close every flow of this line that `state` forbids, returns when they are closed; the others go by it."""
        flows = self._flows.of_line(state.imsi)
        await cut_all([connection for connection, flow in flows if not self._goes_by(state, connection, flow)])

    async def rules_changed(self) -> None:
        """Close every flow that the new rules forbid; the others go by them."""
        self._meters.rules_changed(self._view.rules())
        await cut_all(
            [
                connection
                for connection, flow in self._flows.all()
                if (state := self._view.line(flow.msisdn)) is None or not self._goes_by(state, connection, flow)
            ]
        )

    async def control_lost(self) -> None:
        """Close every flow: nobody knows any more who may do what."""
        await cut_all(connection for connection, _ in self._flows.all())

    async def hold(self) -> None:
        """See FlowControl."""
        await self.control_lost()
        self._meters.forget()

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """See FlowControl."""
        await self._end_exceeded(self._meters.allow(allowances))

    def day_began(self, ends_at: datetime) -> None:
        """See FlowControl."""
        self._meters.start_day(ends_at)

    async def carried(self, usage: Sequence[Usage]) -> None:
        """What passed for lines elsewhere, and counts here: reported with the rest, and bounded with it."""
        rules = self._view.rules()
        for each in usage:
            self._meters.add(each, limits_of(rules, each.policy))
        grown = {(each.imsi, each.policy) for each in usage}
        await self._end_exceeded([key for key in self.past_cap() if key in grown])

    def past_cap(self) -> set[Key]:
        """Lines that have used their daily cap, under the policies that set it."""
        return self._meters.past_cap(self._view.rules())

    def begin_reports(self) -> None:
        """Of what lines use, every second from now on."""
        self._reporting = asyncio.create_task(self._report())

    def end_reports(self) -> None:
        """With a last one."""
        if self._reporting is not None:
            self._reporting.cancel()
        self.report_usage()

    def report_usage(self) -> None:
        """What has grown since the last report."""
        grown = self._meters.growth()
        if grown:
            self._reports.used(grown)

    def _goes_by(self, state: LineState, connection: Limited, flow: Flow) -> bool:
        """Whether the flow goes on under the policy that the line has now: it counts there, and within its limits."""
        permitted = self._judge.permits(flow, state)
        if permitted is None:
            return False
        try:
            self._enter(connection, *permitted, flow.destination, named=flow.named)
        except Refusal:
            return False
        return True

    def _enter(
        self, connection: Limited, line: Line, decision: Decision, destination: Destination, *, named: bool
    ) -> None:
        """The connection carries this from now on. Raises Refusal past the line's daily cap."""
        self.caps.check(line, decision)
        flow = line.flow(destination, decision, named=named)
        self._flows.enter(connection, flow)
        counter, limiter = self._meters.counter(line, decision.group), self._meters.limiter(line)
        connection.metered(counter, limiter, essential=flow.essential)

    async def _end_exceeded(self, lines: Sequence[Key]) -> None:
        """Close what lines past their cap still have open, apart from what paying needs."""
        await cut_all(
            connection
            for imsi, policy in lines
            for connection, flow in self._flows.of_line(imsi)
            if flow.policy == policy and not flow.essential
        )

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            self.report_usage()
