"""Ranges that are made in the database are what one by one would have been."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest

from nfemu.carrier.ports import AppendEntry, PutDuty, PutSubscriber, PutSubscription
from nfemu.model.account import Account, AccountKind
from nfemu.model.duties import DutyKind
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.identity import AccountId, Imsi, Msisdn, PlanName, ProfileName, ServiceName
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile, Segment, Subscriber, Subscription
from nfemu.store import SeedAccount, SeedRange, SqlStore
from tests.store.direct import connected
from tests.store.people import ACCOUNTS, CARDS, START, entry
from tests.store.test_ledger import kept_and_summed

COUNT = 30
FIFTY = Money(5000)


def card(index: int) -> Subscriber:
    """Numbers carry from 8613900000089 on; the test network's IMSIs begin with zeros."""
    number = Msisdn(str(8613900000089 + index))
    return Subscriber(
        Imsi(f"{1010000000095 + index:015d}"),
        number,
        AccountId(number.e164),
        language="en",
        segment=Segment.SENIOR,
        wechat=True,
    )


def account(index: int, balance: Money = FIFTY) -> SeedAccount:
    return SeedAccount(Account(card(index).account, AccountKind.PERSONAL, "CNY", Money(700), 7), balance)


def block(first: int = 0, count: int = COUNT) -> SeedRange:
    return SeedRange(card(first), account(first), count)


async def test_a_range_is_its_cards_one_by_one(url: str, sql_store: SqlStore) -> None:
    await sql_store.seed([], [], ranges=[block()], at=START)
    assert await sql_store.subscribers() == [card(index) for index in range(COUNT)]
    for index in (0, 4, 5, 10, 11, COUNT - 1):
        view = await sql_store.account(card(index).account)
        assert view is not None
        assert (view.account, view.balance) == account(index)
        assert [(line.subscriber, line.subscription) for line in view.lines] == [
            (card(index), Subscription(card(index).imsi))
        ]
        opened = await sql_store.entry(f"opening:{card(index).msisdn}")
        assert opened is not None
        assert (opened.account, opened.amount, opened.at) == (card(index).account, Money(5000), START)
    with connected(url) as connection:
        sums = kept_and_summed(connection)
    assert len(sums) == COUNT
    assert all(kept == summed == 5000 for _, kept, summed in sums)


async def test_cards_of_a_range_can_have_a_profile_of_their_own(sql_store: SqlStore) -> None:
    """New ones only: what a card that is there has was ordered."""
    await sql_store.seed([], [], ranges=[block(count=1)], at=START)
    await sql_store.seed([], [], ranges=[replace(block(count=2), profile=ProfileName("inflight"))], at=START)
    found = [await sql_store.account(card(index).account) for index in range(2)]
    assert [view and view.lines[0].subscription.profile for view in found] == [None, "inflight"]


async def test_a_second_seed_keeps_what_has_happened_and_adds_who_is_new(url: str, sql_store: SqlStore) -> None:
    await sql_store.seed([], [], ranges=[block()], at=START)
    spent = entry(-5000, card=card(3))
    stopped = Subscription(card(3).imsi, OrderedProfile.ARREARS, 2)
    await sql_store.commit([AppendEntry(replace(spent, amount=Money(-5000))), PutSubscription(stopped)])
    await sql_store.seed([], [], ranges=[block(count=COUNT + 5)], at=START)
    assert await sql_store.count_subscribers() == COUNT + 5
    view = await sql_store.account(card(3).account)
    assert view is not None
    assert (view.balance, view.lines[0].subscription) == (Money(0), stopped)
    assert len(await sql_store.ledger(card(3).account)) == 2
    with connected(url) as connection:
        assert all(kept == summed for _, kept, summed in kept_and_summed(connection))


@pytest.mark.parametrize(
    ("listed", "ranges", "text"),
    [
        ([replace(card(4), imsi=Imsi("460009"))], [block()], "number `8613900000093` is in the seed twice, for IMSI"),
        ([replace(card(4), msisdn=Msisdn("8613700000000"))], [block()], "IMSI `001010000000099` is in the seed twice"),
        ([], [block(), block(COUNT - 1)], "number `8613900000118` is in the seed twice"),
        (
            [],
            [block(), replace(block(), card=replace(card(50), imsi=card(29).imsi), account=account(50))],
            "IMSI `0010",
        ),
    ],
)
async def test_twins_of_ranges_are_both_named(
    sql_store: SqlStore, listed: list[Subscriber], ranges: list[SeedRange], text: str
) -> None:
    own = [replace(each, account=ACCOUNTS[0].id) for each in listed]
    with pytest.raises(Conflict, match=text):
        await sql_store.seed([SeedAccount(ACCOUNTS[0], Money(0))], own, ranges=ranges)
    assert await sql_store.count_subscribers() == 0


async def test_an_account_of_a_range_cannot_be_named_as_well(sql_store: SqlStore) -> None:
    with pytest.raises(Conflict, match="account `8613900000090` is in the seed twice"):
        await sql_store.seed([account(1)], [], ranges=[block()])


async def test_neighbours_of_a_range_are_welcome(sql_store: SqlStore) -> None:
    around = [card(-1), card(COUNT)]
    shorter = replace(card(0), imsi=Imsi("1010000000095"), msisdn=Msisdn("861390000009"), account=card(-1).account)
    await sql_store.seed([account(-1), account(COUNT)], [*around, shorter], ranges=[block(), block(COUNT + 1)])
    assert await sql_store.count_subscribers() == 2 * COUNT + 3


async def test_a_number_of_a_range_that_a_stored_card_has_is_refused_with_both(sql_store: SqlStore) -> None:
    await sql_store.seed([SeedAccount(each, Money(0, each.currency)) for each in ACCOUNTS], CARDS)
    await sql_store.seed([], [], ranges=[block(count=2)])
    await sql_store.commit([PutSubscriber(replace(CARDS[0], msisdn=card(7).msisdn))])
    with pytest.raises(Conflict, match="number `8613900000096` of IMSI `001010000000102` in the seed is stored for"):
        await sql_store.seed([], [], ranges=[block()])
    assert await sql_store.count_subscribers() == 5


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (replace(block(), count=0), "no room for 0"),
        (replace(block(), card=replace(card(0), imsi=Imsi("999999999999990"))), "no room for 30"),
        (replace(block(), account=account(1)), "called like the numbers"),
        (replace(block(), card=replace(card(0), account=AccountId("zhang"))), "called like the numbers"),
        (replace(block(), card=replace(card(0), static_ipv4=IPv4Address("10.45.3.3"))), "one static address"),
        (replace(block(), account=account(0, Money(1, "EUR"))), "opening balance in EUR"),
    ],
)
async def test_a_range_that_cannot_be_meant_is_refused(sql_store: SqlStore, wrong: SeedRange, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        await sql_store.seed([], [], ranges=[wrong])
    assert await sql_store.count_subscribers() == 0


async def test_a_seed_gives_known_cards_their_plan_and_forgets_what_was_planned_ahead(sql_store: SqlStore) -> None:
    """One by one and in ranges; what is due already stays due."""
    await sql_store.seed([account(0)], [card(0)], ranges=[block(1, 2)], at=START)
    late, soon = START - timedelta(days=1), START + timedelta(days=1)
    due, planned = card(0).account, card(1).account
    await sql_store.commit([PutDuty(due, DutyKind.FEES, late), PutDuty(planned, DutyKind.FEES, soon)])
    await sql_store.commit([PutDuty(planned, DutyKind.CREDIT, soon)])
    priced = [replace(card(index), plan=PlanName("basic"), services=(ServiceName("rent"),)) for index in range(3)]
    block_of_two = SeedRange(priced[1], account(1), 2)
    await sql_store.seed([account(0)], [priced[0]], ranges=[block_of_two], at=START)
    assert await sql_store.subscribers() == priced
    assert [each.kind for each in await sql_store.duties(planned)] == [DutyKind.CREDIT]
    assert [each.due_at for each in await sql_store.duties(due)] == [late]
    assert await sql_store.cards_without_fees_planned() == priced[1:]
    await sql_store.seed([account(0)], [card(0)], ranges=[block(1, 2)], at=START)
    assert await sql_store.subscribers() == [card(index) for index in range(3)]
