"""A month of fifty people on the carrier's own code: what each policy does to it, and the same for the same seed."""

import asyncio
from functools import cache

import pytest

from nfemu.bss.order_queue import Capacity
from nfemu.measuring.month import month
from nfemu.model.identity import AccountId
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.orders import OrderKind
from nfemu.simulation.figures import PolicyFigures
from nfemu.simulation.month import live, scaled
from nfemu.store import ScratchStore
from tests.simulation.making import POLICIES, setting


@cache
def figures(policy: str) -> PolicyFigures:
    return asyncio.run(month(policy, setting(policy)))


def test_a_seed_gives_the_same_month_again_and_another_one_another() -> None:
    assert asyncio.run(month("graded", setting("graded"))) == figures("graded")
    assert asyncio.run(month("graded", setting("graded", people=20, seed=2))) != asyncio.run(
        month("graded", setting("graded", people=20))
    )


def test_graded_stops_fewer_and_has_the_lower_peak() -> None:
    immediate, classic, graded = map(figures, POLICIES)
    assert graded.stopped_people < classic.stopped_people <= immediate.stopped_people
    assert graded.peak.orders < classic.peak.orders
    assert graded.peak.orders < immediate.peak.orders
    assert graded.calls < classic.calls
    assert graded.prepaid.minor > classic.prepaid.minor


def test_only_graded_tells_before_and_it_stops_nobody_untold_or_by_night() -> None:
    for policy in ("immediate", "classic"):
        found = figures(policy)
        assert found.untold == found.stops > 0
        assert found.by_night > 0
        assert {kind for kind, _ in found.notices} == {
            NoticeKind.STOPPED,
            NoticeKind.RESTORED,
            NoticeKind.PAYMENT_CONFIRMED,
        }
    graded = figures("graded")
    assert (graded.untold, graded.by_night) == (0, 0)
    assert graded.notices[NoticeKind.STOP_NOTICE, Channel.SMS] >= graded.stops
    assert graded.before > 0


@pytest.mark.parametrize("policy", POLICIES)
def test_the_figures_of_a_month_agree_with_one_another(policy: str) -> None:
    found = figures(policy)
    stops, resumes = (found.hours[kind] for kind in (OrderKind.STOP, OrderKind.RESUME))
    assert len(stops) == len(resumes) == 30 * 24
    assert max(stops) == found.peaks[OrderKind.STOP].orders
    assert found.resumes <= found.stops <= sum(stops)
    assert found.notices[NoticeKind.STOPPED, Channel.SMS] == found.stops
    assert found.notices[NoticeKind.PAYMENT_CONFIRMED, Channel.SMS] == found.payments
    assert found.paid.minor >= found.payments * 3000


def test_money_is_conserved() -> None:
    """What the ledgers hold is what people brought, less what was charged."""
    its = setting("graded", people=20)

    async def ledgers() -> tuple[list[int], list[int]]:
        store = ScratchStore()
        await store.open()
        await live(its, store)
        names = [AccountId(person.name) for person in its.people()]
        views = [await store.account(name) for name in names]
        sums = [sum(entry.amount.minor for entry in await store.ledger(name, 1000)) for name in names]
        await store.close()
        return [view.balance.minor for view in views if view is not None], sums

    balances, sums = asyncio.run(ledgers())
    assert balances == sums
    assert len(balances) == 20


def test_a_run_has_its_share_of_the_capacities_and_one_at_least() -> None:
    rules = setting().rules
    small, large = (scaled(rules, people, 60_000_000) for people in (2000, 6_000_000))
    assert small.orders.network == Capacity(1, 1)
    assert large.orders.network == Capacity(3000, 1000)
    assert small.notices.channel(Channel.SMS).per_second == 1
    assert large.notices.channel(Channel.SMS).per_second == 50
