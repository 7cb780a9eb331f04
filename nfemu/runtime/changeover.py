"""From one set of rules to the next under running sessions: made while no use case runs, committed, then taken over.

    plan ──commit `changes`──▶ take over ──every point holds the new rules and sessions──▶ commit `acknowledged()`

The first commit is the point of no return; whatever stops the process after it, the next start finishes.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nfemu.carrier.catalogue_change import check_in_use, follow_catalogue
from nfemu.carrier.lines import line_state, session_detail
from nfemu.carrier.ports import AddEvent, Change, Clock, IdSource, LineState, PutSession, Store
from nfemu.carrier.rules import CarrierRules
from nfemu.epc import pgw
from nfemu.epc.pgw import Pgw
from nfemu.model import events
from nfemu.model.identity import CorrelationId, Imsi
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import OrderedProfile, Subscriber
from nfemu.model.timeline import TimelineEvent
from nfemu.runtime.clocks import Trace


@dataclass(frozen=True, slots=True)
class ChangeoverSource:
    """What a plan is made from."""

    store: Store
    pgw: Pgw
    ids: IdSource
    clock: Clock


@dataclass(frozen=True, slots=True)
class Changeover:
    """`sessions`: those that change, as they will be. `pgw`: the table for the new pools, still without them. `now`:
    business time, of which no more goes by."""

    rules: CarrierRules
    pgw: Pgw
    sessions: tuple[PdnSession, ...]
    correlation: CorrelationId
    trace: Trace
    now: datetime

    @property
    def states(self) -> tuple[LineState, ...]:
        """What enforcement points are told, in one step with the new rules."""
        return tuple(line_state(session, self.rules.catalogue) for session in self.sessions)

    def changes(self) -> tuple[Change, ...]:
        """To be committed before anything else happens."""
        return tuple(self._stored(self.sessions, _changed))

    def acknowledged(self) -> tuple[Change, ...]:
        """To be committed when every enforcement point has confirmed."""
        return tuple(self._stored(self.confirmed_sessions(), lambda _: events.ENFORCEMENT_ACKNOWLEDGED))

    def confirmed_sessions(self) -> list[PdnSession]:
        return [pgw.acknowledge(session) for session in self.sessions]

    def _stored(self, sessions: Iterable[PdnSession], name_of: Callable[[PdnSession], str]) -> Iterator[Change]:
        """Each session with its event."""
        for session in sessions:
            at, elapsed_ms = self.trace.stamp()
            name, detail = name_of(session), session_detail(session)
            yield PutSession(session)
            yield AddEvent(TimelineEvent(session.imsi, self.correlation, name, at, elapsed_ms, detail, self.now))


def _changed(session: PdnSession) -> str:
    return events.PGW_SESSION_MODIFIED if pgw.is_active(session) else events.PGW_SESSION_RELEASED


async def plan_changeover(
    source: ChangeoverSource, before: CarrierRules, after: CarrierRules, newcomers: Sequence[Subscriber]
) -> Changeover:
    """Raises Conflict where a profile or an address in use would vanish, Unavailable. Changes nothing."""
    correlation, trace, now = CorrelationId(source.ids.new("cor")), Trace.begin(), source.clock.now()
    latest, table = source.pgw.sessions(), source.pgw
    changed: tuple[PdnSession, ...] = ()
    others = after.catalogue != before.catalogue
    if others:
        ordered = await source.store.ordered_profiles()
        changed = await asyncio.to_thread(_followed, before, after, latest, ordered, now)
    if others or any(card.static_ipv4 or card.static_ipv6 for card in newcomers):
        table = await restored_table(source.store, source.clock, after, latest, newcomers)
    return Changeover(after, table, changed, correlation, trace, now)


def _followed(
    before: CarrierRules,
    after: CarrierRules,
    latest: Sequence[PdnSession],
    ordered: Mapping[Imsi, OrderedProfile],
    now: datetime,
) -> tuple[PdnSession, ...]:
    """For a thread, as all that goes over a million sessions: it must not cost the workers their lease."""
    check_in_use(after.catalogue, latest, after.letterhead.country_code)
    return tuple(follow_catalogue(before.catalogue, after.catalogue, latest, ordered, now))


async def restored_table(
    store: Store,
    clock: Clock,
    rules: CarrierRules,
    latest: Sequence[PdnSession],
    newcomers: Sequence[Subscriber] = (),
) -> Pgw:
    """A session table for the rules' pools with static addresses, sessions and holds in it. Raises Unavailable."""
    longest = max((pool.hold for pool in rules.catalogue.pools.values()), default=timedelta(0))
    static = await store.static_subscribers()
    released = await store.sessions_released_since(clock.now() - longest)

    def build() -> Pgw:
        table = Pgw(rules.catalogue)
        table.assign([*static, *newcomers])
        table.restore(latest, released)
        return table

    return await asyncio.to_thread(build)
