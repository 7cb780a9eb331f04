"""Another APN profile for a line: how a subscriber gets into a garden (G18), and out of it.

The profile is what `open` means for this line. It is executed as every order is: HSS record, PGW session, every
enforcement point. What restricts a line outranks it: arrears stop a line in a garden as they stop any other, and the
resume leads back into the garden (`transitions`).
"""

from nfemu.bss.orders import OrderInput, advance
from nfemu.carrier.commands import Begin, CarrierNow, Emit, NewId, Step, ask
from nfemu.carrier.flip import carry_out
from nfemu.carrier.lines import locked_line, orders_of
from nfemu.carrier.orders import Cause
from nfemu.carrier.ports import Change, Line, PutOrder
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import LineStatus, line_status
from nfemu.model import events
from nfemu.model.errors import Conflict
from nfemu.model.identity import CorrelationId, Msisdn, OrderId, ProfileName
from nfemu.model.orders import OrderKind, OrderState, WorkOrder


def order_profile(rules: CarrierRules, msisdn: Msisdn, name: str) -> Step[LineStatus]:
    """Give the line the APN profile `name`; `open` stands for the one that every line has.

    Raises NotFound for line or profile; InvalidInput for a profile that restricts; Conflict where the line has it
    already; Unavailable.
    """
    profile = rules.catalogue.orderable(name)
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    waiting = [order for order in orders_of(view, line.subscriber.imsi) if order.kind is OrderKind.PROFILE]
    alive = [order for order in waiting if order.state is not OrderState.DEAD]
    changes: list[Change] = []
    if (alive[-1].profile if alive else line.subscription.profile) != profile:
        changes = yield from _order(line, profile, waiting, correlation)
    elif not alive:
        raise Conflict(f"`{msisdn}` has profile `{name}` already; `nfemu subscriber show` says what is in force")
    view = yield from carry_out(rules, view, changes, correlation)
    return line_status(rules, view, line.subscriber.imsi)


def _order(
    line: Line, profile: ProfileName | None, waiting: list[WorkOrder], correlation: CorrelationId
) -> Step[list[Change]]:
    now = yield from ask(CarrierNow())
    imsi = line.subscriber.imsi
    changes: list[Change] = []
    for overtaken in waiting:
        changes.append(PutOrder(advance(overtaken, OrderInput.SUPERSEDE, now)))
        yield from ask(Emit(imsi, correlation, events.ORDER_SUPERSEDED, {"order": overtaken.id}))
    order = WorkOrder(
        id=OrderId((yield from ask(NewId("ord")))),
        imsi=imsi,
        kind=OrderKind.PROFILE,
        target=line.subscription.ordered,
        cause=Cause.PROFILE.value,
        correlation=correlation,
        created_at=now,
        profile=profile,
    )
    detail = {"order": order.id, "kind": order.kind.value, "profile": profile or "open", "cause": order.cause}
    yield from ask(Emit(imsi, correlation, events.ORDER_CREATED, detail))
    return [*changes, PutOrder(order)]
