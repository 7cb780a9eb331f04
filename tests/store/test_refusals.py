"""Values that contradict what is stored, or themselves."""

from dataclasses import replace
from datetime import datetime

import pytest

from nfemu.carrier.ports import (
    AddEvent,
    Change,
    PutAccount,
    PutNotice,
    PutOrder,
    PutPayment,
    PutSession,
    PutSubscriber,
    PutSubscription,
)
from nfemu.model.errors import Conflict, InvalidInput, NotFound
from nfemu.model.identity import AccountId, Imsi, Msisdn
from nfemu.model.money import Money
from nfemu.model.subscriber import Subscription
from nfemu.store import SqlStore
from tests.store.people import (
    ACCOUNTS,
    MAIN,
    PHONE,
    ZHANG,
    event,
    notice,
    order,
    payment,
    people,
    released,
    session,
)

NOBODY = replace(PHONE, imsi=Imsi("460009999999999"), msisdn=Msisdn("8613999999999"))


async def test_a_number_has_one_card(sql_store: SqlStore) -> None:
    await sql_store.commit(people())
    with pytest.raises(Conflict, match=r"number `138\*\*\*\*8000` is on another card already"):
        await sql_store.commit([PutSubscriber(replace(NOBODY, msisdn=PHONE.msisdn))])


async def test_an_active_address_has_one_user(sql_store: SqlStore) -> None:
    first = session("ses-1")
    await sql_store.commit([*people(), PutSession(first)])
    other = session("ses-2", MAIN, last=2)
    for taken in (replace(other, ue_ipv4=first.ue_ipv4), replace(other, ue_ipv6=first.ue_ipv6)):
        with pytest.raises(Conflict, match="session `ses-2` has an address"):
            await sql_store.commit([PutSession(taken)])
    await sql_store.commit([PutSession(released(first, 1)), PutSession(replace(other, ue_ipv4=first.ue_ipv4))])


async def test_a_subscriber_has_one_active_session(sql_store: SqlStore) -> None:
    first, second = session("ses-1"), session("ses-2", version=2, last=2)
    await sql_store.commit([*people(), PutSession(first)])
    for another in (second, replace(second, policy_version=0, acknowledged_version=0)):
        with pytest.raises(Conflict, match="still has an active session"):
            await sql_store.commit([PutSession(another)])
    assert await sql_store.sessions() == [first]


async def test_a_session_stays_with_its_subscriber(sql_store: SqlStore) -> None:
    await sql_store.commit([*people(), PutSession(session("ses-1"))])
    with pytest.raises(Conflict, match="session `ses-1`"):
        await sql_store.commit([PutSession(session("ses-1", MAIN, last=2))])


async def test_an_account_keeps_its_currency(sql_store: SqlStore) -> None:
    await sql_store.commit(people())
    with pytest.raises(Conflict, match="is not kept in EUR"):
        await sql_store.commit([PutAccount(replace(ACCOUNTS[0], currency="EUR", credit_limit=Money(0, "EUR")))])


async def test_a_subscription_of_nobody_is_refused(sql_store: SqlStore) -> None:
    with pytest.raises(Conflict, match="460009999999999"):
        await sql_store.commit([PutSubscription(Subscription(NOBODY.imsi, version=2))])


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (PutSubscriber(replace(NOBODY, account=AccountId("nobody"))), "subscriber with IMSI `460009999999999`"),
        (PutSession(session("ses-9", NOBODY)), "session `ses-9`"),
        (PutOrder(order("ord-9", NOBODY)), "work order `ord-9`"),
        (PutNotice(notice("not-9", NOBODY)), "notice `not-9`"),
        (PutPayment(payment("pay-9", NOBODY)), "payment `pay-9`"),
        (AddEvent(event("step.9", NOBODY)), "event `step.9`"),
    ],
)
async def test_what_names_nobody_is_refused(sql_store: SqlStore, change: Change, name: str) -> None:
    await sql_store.commit(people())
    with pytest.raises(NotFound, match=name):
        await sql_store.commit([change])


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (PutAccount(replace(ACCOUNTS[0], level=11)), "ck_account_level"),
        (PutAccount(replace(ACCOUNTS[0], credit_limit=Money(1, "EUR"))), "credit limit in EUR"),
        (PutSession(replace(session("ses-1"), acknowledged_version=2)), "ck_session_acknowledged_version"),
        (PutSession(replace(session("ses-1"), ebi=4)), "ck_session_ebi"),
        (PutPayment(replace(payment("pay-1"), amount=Money(0))), "ck_payment_amount"),
        (PutOrder(replace(order("ord-1"), created_at=datetime(2026, 11, 1))), "no time zone"),  # noqa: DTZ001
    ],
)
async def test_what_contradicts_itself_is_refused(sql_store: SqlStore, change: Change, cause: str) -> None:
    await sql_store.commit(people())
    with pytest.raises(InvalidInput, match=cause):
        await sql_store.commit([change])


async def test_a_clock_without_zone_is_refused(sql_store: SqlStore) -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        await sql_store.write_clock(datetime(2026, 11, 1))  # noqa: DTZ001
    assert await sql_store.read_clock() is None


async def test_host_names_are_numbered_in_order_of_first_use(url: str, sql_store: SqlStore) -> None:
    assert [await sql_store.name_index(name) for name in ("news.example", "a.example", "news.example")] == [1, 2, 1]
    again = SqlStore(url)
    await again.open()
    assert [await again.name_index(name) for name in ("b.example", "a.example")] == [3, 2]
    await again.close()


async def test_a_wipe_leaves_an_empty_store(sql_store: SqlStore) -> None:
    changes = [*people(), PutSession(session("ses-1")), PutOrder(order("ord-1")), PutNotice(notice("not-1"))]
    await sql_store.commit([*changes, PutPayment(payment("pay-1")), AddEvent(event("step.1"))])
    await sql_store.write_clock(event("now").at)
    await sql_store.name_index("news.example")
    await sql_store.wipe()
    assert await sql_store.count_subscribers() == 0
    assert (await sql_store.sessions(), await sql_store.account(ZHANG)) == ([], None)
    assert await sql_store.read_clock() is None
    assert await sql_store.name_index("other.example") == 1
