"""A view carried along equals a view read again, after every commit of a long day."""

from datetime import timedelta

from nfemu.carrier.ports import AccountView, AppendEntry
from nfemu.carrier.view import applied
from nfemu.model.account import EntryKind, LedgerEntry
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from tests.fakes.paying import pay
from tests.fakes.world import START, WANG, WANG_SECOND, World, catalogue, rules

WANGS = AccountId("wang")


async def test_a_view_carried_along_equals_one_read_again() -> None:
    world = World(rules(shelves=catalogue(reactivate=True)))
    service = await world.start()
    view = await world.store.account(WANGS)
    first = len(world.store.commits)
    await service.attach(WANG)
    await service.charge(WANG, Money(2500))
    await service.attach(WANG_SECOND)
    await service.restrict(WANG_SECOND)
    await pay(service, WANG, Money(9900))
    await service.page_delivered(WANG)
    await service.restore(WANG_SECOND)
    await service.detach(WANG)
    await service.advance_clock(timedelta(hours=1))
    assert view is not None
    for changes in world.store.commits[first:]:
        for change in changes:
            view = applied(view, change)
    assert view == await world.store.account(WANGS)
    await service.stop()


async def test_an_entry_of_no_card_is_nobodys_share(world: World) -> None:
    view: AccountView | None = await world.store.account(WANGS)
    assert view is not None
    after = applied(view, AppendEntry(LedgerEntry(WANGS, EntryKind.PAYMENT, Money(5), START)))
    assert (after.balance, after.shares) == (Money(2005), view.shares)
