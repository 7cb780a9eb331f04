"""Contracts of auto-deduct at the built-in provider, and what became of each deduction (G19).

The provider decides once on each number of a deduction and keeps what it decided, so that whoever asks again, after a
crash of either side or behind a payment, hears the same. Both numbers follow from the merchant's and the key.
"""

import asyncio
import hashlib
import hmac
from dataclasses import replace
from enum import Enum
from typing import Protocol

from nfemu.model.agreements import Agreement, Bank, Contract, Declined, Deducted, Deduction, DeductionAnswer
from nfemu.model.errors import NotFound, Unavailable


class Decided(Enum):
    """What became of a deduction, for ever. `ENDED`: the contract had ended before it."""

    TAKEN = "taken"
    DECLINED = "declined"
    ENDED = "ended"
    CLOSED = "closed"


_REASONS = {
    Decided.DECLINED: "the payer's bank declined",
    Decided.ENDED: "the contract has ended",
    Decided.CLOSED: "closed by the merchant",
}


class ContractStore(Protocol):
    """What must outlive the process. Every method raises Unavailable."""

    async def contract(self, number: str) -> Contract | None: ...

    async def put_contract(self, contract: Contract) -> None: ...

    async def decision(self, deduction: str) -> str | None:
        """What was decided on a deduction, if anything."""

    async def decide(self, deduction: str, decided: str) -> str:
        """Keep `decided`, unless something was decided before; what holds. Durable on return."""


class Contracts:
    """`key` is the provider's own."""

    def __init__(self, key: bytes, store: ContractStore) -> None:
        self._key = key
        self._store = store

    async def sign(self, agreement: Agreement) -> str:
        """The contract's number, the same for one agreement. Raises Unavailable."""
        number = self._number("bc", "contract", agreement.no)
        if await self._store.contract(number) is None:
            await self._store.put_contract(Contract(number))
        return number

    async def end(self, number: str) -> None:
        """By the merchant or by the payer. Raises Unavailable."""
        contract = await self._store.contract(number)
        if contract is not None and not contract.ended:
            await self._store.put_contract(replace(contract, ended=True))

    async def set_bank(self, number: str, bank: Bank) -> None:
        """From now on the payer's bank answers so. Raises NotFound, Unavailable."""
        contract = await self._store.contract(number)
        if contract is None:
            raise NotFound(f"the provider has no contract `{number}`; sign an agreement first")
        await self._store.put_contract(replace(contract, bank=bank))

    async def deduct(self, deduction: Deduction, number: str) -> DeductionAnswer:
        """See `PaymentProvider.deduct`."""
        known = await self._store.decision(deduction.no)
        if known is not None:
            return self._answer(deduction, Decided(known))
        contract = await self._store.contract(number)
        if contract is None or contract.ended:
            return await self._decide(deduction, Decided.ENDED)
        match contract.bank:
            case Bank.ACCEPT:
                return await self._decide(deduction, Decided.TAKEN)
            case Bank.DECLINE:
                return await self._decide(deduction, Decided.DECLINED)
            case Bank.UNREACHABLE:
                raise Unavailable("the payer's bank cannot be reached; ask again")
            case Bank.SILENT:
                never: asyncio.Future[DeductionAnswer] = asyncio.get_running_loop().create_future()
                return await never

    async def close(self, deduction: Deduction) -> DeductionAnswer:
        """See `PaymentProvider.close_deduction`."""
        return await self._decide(deduction, Decided.CLOSED)

    async def _decide(self, deduction: Deduction, decided: Decided) -> DeductionAnswer:
        return self._answer(deduction, Decided(await self._store.decide(deduction.no, decided.value)))

    def _answer(self, deduction: Deduction, decided: Decided) -> DeductionAnswer:
        if decided is Decided.TAKEN:
            return Deducted(self._number("bd", "deduction", deduction.no))
        return Declined(_REASONS[decided], revoked=decided is Decided.ENDED)

    def _number(self, prefix: str, kind: str, of: str) -> str:
        return prefix + hmac.new(self._key, f"{kind} {of}".encode(), hashlib.sha256).hexdigest()[:26]
