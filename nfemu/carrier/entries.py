"""An entry of the ledger on the timeline of the card that caused or paid it."""

from nfemu.carrier.commands import Emit, Step, ask
from nfemu.carrier.ports import AccountView
from nfemu.model import events
from nfemu.model.account import LedgerEntry
from nfemu.model.identity import CorrelationId, Imsi


def emit_entry(view: AccountView, imsi: Imsi, entry: LedgerEntry, correlation: CorrelationId) -> Step[None]:
    """`view` is from before the entry."""
    detail = {
        "kind": entry.kind.value,
        "amount": entry.amount.decimal(),
        "balance": (view.balance + entry.amount).decimal(),
        "trade_no": entry.trade_no or "",
    }
    yield from ask(Emit(imsi, correlation, events.LEDGER_ENTRY, detail))
