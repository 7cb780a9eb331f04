"""The small carrier under a policy of dunning, with business time moved by hand, and what its people hear of that."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from nfemu.bss.credit import CreditRules
from nfemu.bss.dunning import Policy
from nfemu.bss.dunning.hours import Hours
from nfemu.bss.fees import FeeRules
from nfemu.carrier.ports import PutAccount, PutSubscriber
from nfemu.model.identity import Msisdn, PlanName
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.plans import Plan, PriceList
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.world import WANG, ZHANG, World, rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
BASIC = Plan(PlanName("basic"), Money(5900))
DUNNING = replace(rules().dunning, policy=Policy.GRADED, hours=Hours(zone=SHANGHAI))
FEES = FeeRules(PriceList({BASIC.name: BASIC}), SHANGHAI)


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


async def fresh(
    policy: Policy,
    restricted: OrderedProfile = OrderedProfile.ARREARS,
    level: int = 2,
    credit: CreditRules | None = None,
) -> World:
    """The carrier under that policy: Zhang, ¥30 and of that level, pays ¥59 a month."""
    dunning = replace(DUNNING, policy=policy, restricted=restricted)
    world = World(replace(rules(), dunning=dunning, fees=FEES, credit=credit or CreditRules()))
    await world.start()
    for number in (ZHANG, WANG):
        card = await world.store.subscriber(number)
        assert card is not None
        view = await world.store.account(card.account)
        assert view is not None
        plan = BASIC.name if number == ZHANG else None
        await world.store.commit(
            [PutAccount(replace(view.account, level=level)), PutSubscriber(replace(card, plan=plan))]
        )
    await world.restart()
    return world


async def told(world: World, number: Msisdn) -> list[tuple[NoticeKind, datetime]]:
    """What is in the inbox, oldest first, and since when."""
    notices = await world.service.inbox(number)
    return [(each.kind, each.sent_at.astimezone(SHANGHAI)) for each in notices[::-1] if each.sent_at is not None]


async def dunned(world: World, number: Msisdn) -> list[tuple[str, str]]:
    """The timeline's rules."""
    events = await world.service.timeline(number)
    return [(each.name, each.detail["rule"]) for each in events if each.name.startswith("dunning.")]
