"""Loading people at start: once, all or none, and never over what has happened since."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nfemu.carrier.ports import AppendEntry, PutLevel, PutSubscriber, PutSubscription
from nfemu.model.account import Account, AccountKind, EntryKind, LedgerEntry
from nfemu.model.errors import Conflict, InvalidInput, NotFound
from nfemu.model.identity import AccountId, Imsi, Msisdn
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile, Subscriber, Subscription
from nfemu.store import SeedAccount, SqlStore
from nfemu.store.seed import BATCH
from tests.store.direct import connected
from tests.store.people import ACCOUNTS, CARDS, MAIN, PHONE, START, WANG, ZHANG, entry
from tests.store.test_ledger import kept_and_summed

ACCOUNT_SEED = [SeedAccount(ACCOUNTS[0], Money(3000)), SeedAccount(ACCOUNTS[1], Money(-500, "EUR"))]
OTHER = replace(PHONE, imsi=Imsi("460001380013899"), msisdn=Msisdn("8613800138099"))


async def test_an_opening_balance_is_a_ledger_entry(sql_store: SqlStore) -> None:
    await sql_store.seed(ACCOUNT_SEED, CARDS, at=START)
    assert await sql_store.subscribers() == list(CARDS)
    assert await sql_store.ledger(ZHANG) == [
        LedgerEntry(ZHANG, EntryKind.PAYMENT, Money(3000), START, "opening:zhang", note="opening balance")
    ]
    assert await sql_store.ledger(WANG) == [
        LedgerEntry(WANG, EntryKind.CHARGE, Money(-500, "EUR"), START, "opening:wang", note="opening balance")
    ]
    view = await sql_store.account(WANG)
    assert view is not None
    assert (view.balance, view.shares) == (Money(-500, "EUR"), {})
    assert [line.subscription for line in view.lines] == [Subscription(card.imsi) for card in sorted_by_imsi()]


def sorted_by_imsi() -> list[Subscriber]:
    return sorted((card for card in CARDS if card.account == WANG), key=lambda card: card.imsi)


async def test_an_opening_balance_of_zero_needs_no_entry(sql_store: SqlStore) -> None:
    await sql_store.seed([SeedAccount(ACCOUNTS[0], Money(0))], [])
    assert await sql_store.ledger(ZHANG) == []


async def test_a_second_seed_keeps_what_has_happened_and_adds_who_is_new(url: str, sql_store: SqlStore) -> None:
    await sql_store.seed(ACCOUNT_SEED, CARDS, at=START)
    stopped = Subscription(PHONE.imsi, OrderedProfile.ARREARS, 2)
    moved = replace(MAIN, msisdn=Msisdn("8613700137000"))
    await sql_store.commit([AppendEntry(entry(-3000)), PutSubscription(stopped), PutSubscriber(moved)])
    late = Account(AccountId("late"), AccountKind.PERSONAL, "CNY", Money(0))
    changed = SeedAccount(replace(ACCOUNTS[0], level=10), Money(99999))
    await sql_store.seed([changed, *ACCOUNT_SEED[1:], SeedAccount(late, Money(100))], [*CARDS, OTHER])
    view = await sql_store.account(ZHANG)
    assert view is not None
    assert (view.account, view.balance) == (replace(ACCOUNTS[0], level=10), Money(0))
    assert [(line.subscriber, line.subscription) for line in view.lines] == [
        (PHONE, stopped),
        (OTHER, Subscription(OTHER.imsi)),
    ]
    assert await sql_store.subscriber_by_imsi(MAIN.imsi) == moved
    assert [each.amount for each in await sql_store.ledger(late.id)] == [Money(100)]
    with connected(url) as connection:
        assert all(kept == summed for _, kept, summed in kept_and_summed(connection))


async def test_a_second_seed_takes_no_level_away_that_was_earned(sql_store: SqlStore) -> None:
    await sql_store.seed(ACCOUNT_SEED, CARDS, at=START)
    await sql_store.commit([PutLevel(ZHANG, 2)])
    await sql_store.seed([SeedAccount(replace(ACCOUNTS[0], level=10), Money(0))], [])
    view = await sql_store.account(ZHANG)
    assert view is not None
    assert view.account.level == 2


async def test_an_account_that_came_to_zero_gets_no_second_opening(sql_store: SqlStore) -> None:
    await sql_store.seed([SeedAccount(ACCOUNTS[0], Money(0))], [PHONE])
    await sql_store.commit([AppendEntry(entry(-700))])
    await sql_store.seed([SeedAccount(ACCOUNTS[0], Money(5000))], [PHONE])
    assert await sql_store.ledger(ZHANG) == [entry(-700)]


async def test_the_same_fingerprint_is_not_even_read(sql_store: SqlStore) -> None:
    await sql_store.seed(ACCOUNT_SEED, CARDS, fingerprint="sha256:1")
    await sql_store.seed([], (pytest.fail(f"read {card}") for card in CARDS), fingerprint="sha256:1")
    await sql_store.seed([], [OTHER], fingerprint="sha256:2")
    assert await sql_store.count_subscribers() == 4
    await sql_store.seed([], (pytest.fail(f"read {card}") for card in CARDS), fingerprint="sha256:2")
    await sql_store.wipe()
    await sql_store.seed(ACCOUNT_SEED, CARDS, fingerprint="sha256:2")
    assert await sql_store.count_subscribers() == 3


async def test_openings_are_booked_at_the_test_clock(sql_store: SqlStore) -> None:
    before = datetime.now(UTC)
    await sql_store.seed(ACCOUNT_SEED[:1], [])
    await sql_store.write_clock(START)
    await sql_store.seed(ACCOUNT_SEED[1:], [])
    (by_wall,), (by_test) = await sql_store.ledger(ZHANG), await sql_store.ledger(WANG)
    assert before <= by_wall.at <= datetime.now(UTC)
    assert by_test[0].at == START


@pytest.mark.parametrize("stored", [(), CARDS], ids=["empty", "full"])
@pytest.mark.parametrize(
    ("twin", "text"),
    [
        (
            replace(OTHER, msisdn=PHONE.msisdn),
            "number `8613800138000` is in the seed twice, for IMSI `460001380013800` and IMSI `460001380013899`",
        ),
        (
            replace(OTHER, imsi=PHONE.imsi),
            "IMSI `460001380013800` is in the seed twice, with number `8613800138000` and number `8613800138099`",
        ),
        (PHONE, "number `8613800138000` is in the seed twice"),
    ],
)
async def test_twins_in_the_seed_are_both_named(
    sql_store: SqlStore, stored: tuple[Subscriber, ...], twin: Subscriber, text: str
) -> None:
    await sql_store.seed(ACCOUNT_SEED if stored else [], stored)
    with pytest.raises(Conflict, match=text):
        await sql_store.seed(ACCOUNT_SEED, [*CARDS, twin])
    assert await sql_store.count_subscribers() == len(stored)
    assert (await sql_store.account(ZHANG) is None) == (not stored)


async def test_twins_far_apart_are_found(sql_store: SqlStore) -> None:
    cards = [replace(OTHER, imsi=Imsi(f"46001{n:010d}"), msisdn=Msisdn(f"861{n:010d}")) for n in range(2 * BATCH + 3)]
    cards[-1] = replace(cards[-1], msisdn=cards[0].msisdn)
    with pytest.raises(Conflict, match="IMSI `460010000000000` and IMSI `460010000010002`"):
        await sql_store.seed(ACCOUNT_SEED, cards)
    assert await sql_store.count_subscribers() == 0


async def test_leading_zeros_of_an_imsi_count(sql_store: SqlStore) -> None:
    short, long = Imsi("1010000000001"), Imsi("001010000000001")
    await sql_store.seed(ACCOUNT_SEED, [replace(PHONE, imsi=short), replace(OTHER, imsi=long)])
    assert await sql_store.count_subscribers() == 2


async def test_a_number_that_a_stored_card_has_is_refused_with_both(sql_store: SqlStore) -> None:
    await sql_store.seed(ACCOUNT_SEED, CARDS)
    with pytest.raises(Conflict, match="IMSI `460001380013899` in the seed is stored for IMSI `460001380013800`"):
        await sql_store.seed([], [replace(OTHER, msisdn=PHONE.msisdn)])
    assert await sql_store.subscriber_by_imsi(OTHER.imsi) is None


@pytest.mark.parametrize("stored", [(), CARDS], ids=["empty", "full"])
async def test_a_card_without_account_is_named(sql_store: SqlStore, stored: tuple[Subscriber, ...]) -> None:
    await sql_store.seed(ACCOUNT_SEED if stored else [], stored)
    with pytest.raises(NotFound, match="account `nobody` of IMSI `460001380013899`"):
        await sql_store.seed(ACCOUNT_SEED, [*CARDS, replace(OTHER, account=AccountId("nobody"))])


async def test_an_account_twice_is_named(sql_store: SqlStore) -> None:
    with pytest.raises(Conflict, match="account `zhang` is in the seed twice"):
        await sql_store.seed([*ACCOUNT_SEED, ACCOUNT_SEED[0]], [])


async def test_an_opening_balance_in_another_currency_is_refused(sql_store: SqlStore) -> None:
    with pytest.raises(InvalidInput, match="opening balance in EUR"):
        await sql_store.seed([SeedAccount(ACCOUNTS[0], Money(1, "EUR"))], [])


async def test_the_indices_are_back_after_a_seed(url: str, sql_store: SqlStore) -> None:
    await sql_store.seed(ACCOUNT_SEED, CARDS)
    with pytest.raises(Conflict):
        await sql_store.commit([PutSubscriber(replace(OTHER, msisdn=PHONE.msisdn))])
    with pytest.raises(Conflict):
        await sql_store.commit([AppendEntry(entry(1, "opening:zhang"))])
