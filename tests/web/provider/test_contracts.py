"""Auto-deduct at the built-in provider: decided once on each deduction, and kept over a restart (G19)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nfemu.model.agreements import Agreement, Bank, Declined, Deducted, Deduction
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.identity import AccountId, AgreementNo, CorrelationId, DeductionNo, Imsi
from nfemu.model.money import Money
from nfemu.store import SqlStore
from nfemu.web.provider.contracts import Contracts

NOW = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
AGREEMENT = Agreement(
    AgreementNo("agr-1"), AccountId("zhang"), Imsi("460001380013800"), "ExamplePay", "", Money(20000), NOW
)
KEY = b"k" * 32


def deduction(number: int = 1) -> Deduction:
    return Deduction(
        DeductionNo(f"ded-{number}"),
        AGREEMENT.no,
        AGREEMENT.account,
        AGREEMENT.imsi,
        AGREEMENT.provider,
        Money(2900),
        Money(0),
        CorrelationId("cor-1"),
        NOW,
    )


@pytest.fixture
async def contracts(tmp_path: Path) -> AsyncIterator[Contracts]:
    store = SqlStore(f"sqlite:///{tmp_path / 'provider.sqlite'}")
    await store.open()
    yield Contracts(KEY, store)
    await store.close()


async def test_a_contract_is_signed_once(contracts: Contracts) -> None:
    number = await contracts.sign(AGREEMENT)
    await contracts.set_bank(number, Bank.DECLINE)
    assert await contracts.sign(AGREEMENT) == number
    assert isinstance(await contracts.deduct(deduction(), number), Declined), "signing again changes nothing"
    assert await contracts.sign(replace(AGREEMENT, no=AgreementNo("agr-2"))) != number


async def test_what_was_decided_stays_whatever_the_bank_says_later(contracts: Contracts) -> None:
    number = await contracts.sign(AGREEMENT)
    taken = await contracts.deduct(deduction(), number)
    assert isinstance(taken, Deducted)
    await contracts.set_bank(number, Bank.DECLINE)
    assert await contracts.deduct(deduction(), number) == taken
    declined = await contracts.deduct(deduction(2), number)
    assert declined == Declined("the payer's bank declined")
    await contracts.set_bank(number, Bank.ACCEPT)
    assert await contracts.deduct(deduction(2), number) == declined
    assert await contracts.close(deduction()) == taken, "closed too late: the money was taken"


async def test_a_closed_deduction_takes_nothing(contracts: Contracts) -> None:
    number = await contracts.sign(AGREEMENT)
    closed = await contracts.close(deduction())
    assert isinstance(closed, Declined)
    assert await contracts.deduct(deduction(), number) == closed


async def test_a_contract_that_has_ended(contracts: Contracts) -> None:
    number = await contracts.sign(AGREEMENT)
    for each in (number, number, "unknown"):
        await contracts.end(each)
    assert await contracts.deduct(deduction(), number) == Declined("the contract has ended", revoked=True)
    assert await contracts.deduct(deduction(2), "unknown") == Declined("the contract has ended", revoked=True)
    with pytest.raises(NotFound, match="sign an agreement first"):
        await contracts.set_bank("unknown", Bank.ACCEPT)


async def test_a_bank_that_does_not_answer_has_decided_nothing(contracts: Contracts) -> None:
    number = await contracts.sign(AGREEMENT)
    await contracts.set_bank(number, Bank.UNREACHABLE)
    with pytest.raises(Unavailable):
        await contracts.deduct(deduction(), number)
    await contracts.set_bank(number, Bank.SILENT)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(contracts.deduct(deduction(), number), 0.01)
    await contracts.set_bank(number, Bank.ACCEPT)
    assert isinstance(await contracts.deduct(deduction(), number), Deducted)
