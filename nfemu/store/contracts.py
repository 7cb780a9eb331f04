"""The built-in payment provider's contracts, and what it decided on deductions."""

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.agreements import Bank, Contract
from nfemu.store import schema
from nfemu.store.prepared import Prepared, insert_or_update

_contract = Prepared(
    sa.select(schema.provider_contract).where(schema.provider_contract.c.number == sa.bindparam("number"))
)
_put_contract = insert_or_update(schema.provider_contract, "number")
_decision = Prepared(
    sa.select(schema.provider_deduction.c.decided).where(schema.provider_deduction.c.no == sa.bindparam("no"))
)
_decide = insert_or_update(schema.provider_deduction, "no", setting={"decided": "provider_deduction.decided"})


def contract(connection: Connection, number: str) -> Contract | None:
    row = _contract.run(connection, {"number": number}).one_or_none()
    return None if row is None else Contract(row.number, Bank(row.bank), bool(row.ended))


def put_contract(connection: Connection, it: Contract) -> None:
    _put_contract.run(connection, {"number": it.number, "bank": it.bank.value, "ended": int(it.ended)})


def decision(connection: Connection, no: str) -> str | None:
    found: str | None = _decision.run(connection, {"no": no}).scalar_one_or_none()
    return found


def decide(connection: Connection, no: str, decided: str) -> str:
    """The first decision stays; what holds."""
    _decide.run(connection, {"no": no, "decided": decided})
    return str(_decision.run(connection, {"no": no}).scalar_one())
