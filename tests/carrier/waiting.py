"""An order that the store has as created: what an earlier version left where it was killed, or what waits its turn."""

from nfemu.carrier.ports import PutOrder
from nfemu.model.identity import CorrelationId, Msisdn, OrderId, ProfileName
from nfemu.model.orders import OrderKind, WorkOrder
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.world import START, World, imsi_of

_CAUSES = {OrderKind.STOP: "ledger", OrderKind.PROFILE: "profile"}


async def leave_order(
    world: World, msisdn: Msisdn, kind: OrderKind, target: OrderedProfile, profile: ProfileName | None = None
) -> None:
    """In the store, and nobody has begun with it."""
    number = OrderId(f"ord-waits-{len(world.store.orders())}")
    order = WorkOrder(
        number, imsi_of(msisdn), kind, target, _CAUSES[kind], CorrelationId("cor-waits"), START, profile=profile
    )
    await world.store.commit([PutOrder(order)])
