"""Messages of dunning on their way: what becomes of them while a channel has no room, or does not bring them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.bss.dunning import Policy, Rule
from nfemu.carrier.ports import Delivery, PutDeduction, PutDuty, PutSubscriber
from nfemu.model import events
from nfemu.model.agreements import Deduction, DeductionState
from nfemu.model.duties import DutyKind
from nfemu.model.identity import AccountId, AgreementNo, CorrelationId, DeductionNo, Msisdn
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind, NoticeState
from nfemu.model.subscriber import OrderedProfile
from tests.carrier.dunned import at, dunned, fresh, told
from tests.fakes.paying import pay
from tests.fakes.world import LI, WANG, WANG_SECOND, ZHANG, World, imsi_of, link_of

SECOND = timedelta(seconds=1)


@pytest.fixture
async def graded() -> AsyncIterator[World]:
    world = await fresh(Policy.GRADED)
    await world.service.set_clock(at(11, 10, 9))
    yield world
    await world.service.stop()


def made(world: World, kind: NoticeKind, msisdn: Msisdn) -> list[Notice]:
    """Messages of that kind, sent or not, oldest first."""
    found = [each for each in world.store.all_notices() if (each.kind, each.imsi) == (kind, imsi_of(msisdn))]
    return sorted(found, key=lambda each: each.created_at)


async def until_made(world: World, kind: NoticeKind, msisdn: Msisdn) -> Notice:
    """The next message of that kind, once it is made."""
    while not made(world, kind, msisdn):
        await world.service.advance_clock(timedelta(minutes=20))
    return made(world, kind, msisdn)[-1]


async def withdrawn(world: World, msisdn: Msisdn) -> list[tuple[str, str, str]]:
    """The timeline's messages that were not sent: kind, rule and reason."""
    found = [each for each in await world.service.timeline(msisdn) if each.name == events.NOTICE_WITHDRAWN]
    return [(each.detail["kind"], each.detail["rule"], each.detail["reason"]) for each in found]


async def test_each_message_has_a_link_of_its_own(graded: World) -> None:
    """G1."""
    await graded.service.charge(WANG, Money(2500))
    await until_made(graded, NoticeKind.STOP_NOTICE, WANG)
    notices = [(await graded.service.inbox(number))[0] for number in (WANG, WANG_SECOND)]
    assert len({notice.link for notice in notices}) == 2
    for notice in notices:
        assert notice.link == link_of(notice)
        assert notice.link in notice.text
    assert (await graded.service.click(WANG, str(notices[0].link).rpartition("=")[2])).clicked_at is not None


async def test_a_stop_notice_that_waits_is_not_sent_once_it_is_paid(graded: World) -> None:
    """S6."""
    graded.notifier.says[Channel.SMS] = Delivery.FULL
    await graded.service.charge(WANG, Money(2500))
    await until_made(graded, NoticeKind.STOP_NOTICE, WANG)
    await pay(graded.service, WANG, Money(500))
    assert await withdrawn(graded, WANG) == [("stop notice", "S6", "paid")]
    del graded.notifier.says[Channel.SMS]
    await graded.service.advance_clock(timedelta(days=1))
    assert NoticeKind.STOP_NOTICE not in [kind for kind, _ in await told(graded, WANG)]


async def test_a_wave_that_waits_names_what_is_due_when_it_is_sent(graded: World) -> None:
    """S8: somebody who pays a part meanwhile is not asked for the whole."""
    await graded.service.set_clock(at(12, 1, 7))
    graded.notifier.says[Channel.SMS] = Delivery.FULL
    wave = await until_made(graded, NoticeKind.DUNNING, ZHANG)
    assert "29.00" in wave.text
    await pay(graded.service, ZHANG, Money(1000))
    del graded.notifier.says[Channel.SMS]
    await graded.service.advance_clock(SECOND)
    (sent,) = [each for each in await graded.service.inbox(ZHANG) if each.kind is NoticeKind.DUNNING]
    assert (sent.id, sent.amount) == (wave.id, Money(1900))
    assert "19.00" in sent.text
    assert sent.link == wave.link


@pytest.mark.parametrize("off", [frozenset(), frozenset({Rule.S6})], ids=["S6", "without S6"])
async def test_a_reminder_that_waits_is_not_sent_to_somebody_who_has_paid(graded: World, off: frozenset[Rule]) -> None:
    """S6: the condition is checked again at the moment of sending, and the timeline says why."""
    dunning = replace(graded.rules.dunning, off=off)
    graded.rules = replace(graded.rules, dunning=dunning)
    await graded.restart()
    await graded.service.set_clock(at(11, 27, 9))
    graded.notifier.says[Channel.SMS] = Delivery.FULL
    await until_made(graded, NoticeKind.MONTH_END, ZHANG)
    await pay(graded.service, ZHANG, Money(10000))
    del graded.notifier.says[Channel.SMS]
    await graded.service.advance_clock(SECOND)
    reminded = NoticeKind.MONTH_END in [kind for kind, _ in await told(graded, ZHANG)]
    reasons = [("month end", "S6", "not dunned: paid 0 min ago")]
    assert (reminded, await withdrawn(graded, ZHANG)) == ((True, []) if off else (False, reasons))


async def test_what_its_channel_would_bring_at_night_is_said_the_next_day(graded: World) -> None:
    """S22: nobody is told anything at night."""
    graded.rules = replace(graded.rules, notices=replace(graded.rules.notices, retry=timedelta(hours=14)))
    await graded.restart()
    await graded.service.set_clock(at(11, 27, 9))
    graded.notifier.says[Channel.SMS] = Delivery.FAILED
    await until_made(graded, NoticeKind.MONTH_END, ZHANG)
    del graded.notifier.says[Channel.SMS]
    await graded.service.set_clock(at(11, 29, 7))
    assert await withdrawn(graded, ZHANG) == [("month end", "S22", "not told: no messages at night")]
    assert await told(graded, ZHANG) == []
    await graded.service.set_clock(at(11, 30))
    assert [kind for kind, _ in await told(graded, ZHANG)] == [NoticeKind.MONTH_END]


async def test_a_stop_notice_that_nobody_has_received_stops_nobody(graded: World) -> None:
    """S22: it is told anew behind the time in which its stop might have come."""
    graded.rules = replace(graded.rules, notices=replace(graded.rules.notices, retry=timedelta(hours=12)))
    await graded.restart()
    graded.notifier.says[Channel.SMS] = Delivery.FAILED
    await graded.service.charge(WANG, Money(2500))
    first = await until_made(graded, NoticeKind.STOP_NOTICE, WANG)
    await graded.service.set_clock(first.created_at + timedelta(hours=2))
    assert (await graded.service.status(WANG)).ordered is OrderedProfile.OPEN
    assert made(graded, NoticeKind.STOP_NOTICE, WANG)[0].state is NoticeState.CANCELLED
    del graded.notifier.says[Channel.SMS]
    await graded.service.set_clock(at(11, 12, 0))
    assert [kind for kind, _ in await told(graded, WANG)] == [NoticeKind.STOP_NOTICE, NoticeKind.STOPPED]


async def test_large_arrears_stop_when_their_notice_goes_out_and_not_before(graded: World) -> None:
    """S22, S24: its channel is full in the second in which the stop would come."""
    graded.notifier.says[Channel.SMS] = Delivery.FULL
    await graded.service.charge(LI, Money(32100))
    await graded.service.advance_clock(timedelta(minutes=5))
    assert (await graded.service.status(LI)).ordered is OrderedProfile.OPEN
    del graded.notifier.says[Channel.SMS]
    sent_at = graded.service.now() + SECOND
    await graded.service.advance_clock(2 * SECOND)
    assert await told(graded, LI) == [
        (NoticeKind.STOP_NOTICE, sent_at),
        (NoticeKind.STOPPED, sent_at + SECOND),
    ]


async def test_a_card_that_its_notice_has_not_reached_is_told_anew_and_stopped_by_that(graded: World) -> None:
    """S11, S22: the main card is stopped meanwhile."""
    graded.notifier.deaf = {imsi_of(WANG_SECOND)}
    await graded.service.charge(WANG, Money(2500))
    first = await until_made(graded, NoticeKind.STOP_NOTICE, WANG)
    await graded.service.set_clock(first.created_at + timedelta(hours=1))
    assert [kind for kind, _ in await told(graded, WANG)] == [NoticeKind.STOP_NOTICE, NoticeKind.STOPPED]
    assert await told(graded, WANG_SECOND) == []
    assert (await graded.service.status(WANG_SECOND)).ordered is OrderedProfile.OPEN
    graded.notifier.deaf.clear()
    await graded.service.advance_clock(timedelta(days=1))
    assert [kind for kind, _ in await told(graded, WANG_SECOND)] == [NoticeKind.STOP_NOTICE, NoticeKind.STOPPED]
    assert len(await told(graded, WANG)) == 2


async def test_a_stop_notice_that_wechat_gives_up_has_gone_by_sms_already(graded: World) -> None:
    """S4."""
    card = await graded.store.subscriber(LI)
    assert card is not None
    await graded.store.commit([PutSubscriber(replace(card, wechat=True))])
    graded.notifier.says[Channel.WECHAT] = Delivery.FAILED
    await graded.service.charge(LI, Money(32100))
    await graded.service.advance_clock(timedelta(hours=3))
    notices = made(graded, NoticeKind.STOP_NOTICE, LI)
    assert {each.channel: each.state for each in notices} == {
        Channel.SMS: NoticeState.SENT,
        Channel.WECHAT: NoticeState.CANCELLED,
    }
    assert len(notices) == 2


async def test_a_duty_that_comes_while_an_agreement_is_asked_waits_for_the_answer(graded: World) -> None:
    """G19: a carrier that was killed while it asked goes on with that first."""
    account = AccountId("wang")
    await graded.service.sign_agreement(WANG, Money(10000))
    agreement = (await graded.service.status(WANG)).agreement
    assert agreement is not None
    await graded.service.stop()
    asked = Deduction(
        DeductionNo("ded-1"),
        AgreementNo(agreement.no),
        account,
        imsi_of(WANG),
        agreement.provider,
        Money(500),
        Money(2000),
        CorrelationId("cor-1"),
        at(11, 10, 9),
        state=DeductionState.REQUESTED,
    )
    await graded.store.commit([PutDeduction(asked), PutDuty(account, DutyKind.DUNNING, at(11, 10, 9))])
    await graded.restart()
    await graded.service.advance_clock(SECOND)
    assert await dunned(graded, WANG) == []
    assert (await graded.service.status(WANG)).deduction is None
