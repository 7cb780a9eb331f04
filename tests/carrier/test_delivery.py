"""What becomes of messages: sent once, kept back, tried again, sent another way, cancelled, opened."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.bss.channels import NoticeRules
from nfemu.carrier.commands import Begin, Lock, Step, ask
from nfemu.carrier.delivery import deliver_fresh
from nfemu.carrier.lines import load_account
from nfemu.carrier.ports import Delivery, PutNotice
from nfemu.carrier.view import commit
from nfemu.model import events
from nfemu.model.errors import Conflict, NotFound
from nfemu.model.identity import AccountId, Msisdn
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind, NoticeState
from tests.fakes.messages import message
from tests.fakes.paying import pay
from tests.fakes.world import LI, START, WANG, ZHANG, World, link_of, rules

ZHANG_ACCOUNT = AccountId("zhang")


async def tell(world: World, *notices: Notice, account: AccountId = ZHANG_ACCOUNT) -> None:
    """As a use case does that has something to say: stored first, then handed over."""

    def use_case() -> Step[None]:
        yield from ask(Begin())
        yield from ask(Lock(account))
        view = yield from load_account(account)
        view = yield from commit(view, [PutNotice(notice) for notice in notices])
        yield from deliver_fresh(world.rules, account, notices)

    await world.service._runner.run(use_case())


async def kinds(world: World, msisdn: Msisdn = ZHANG) -> list[NoticeKind]:
    return [notice.kind for notice in await world.service.inbox(msisdn)]


async def names(world: World, msisdn: Msisdn = ZHANG) -> list[str]:
    return [event.name for event in await world.service.timeline(msisdn) if event.name.startswith("notice.")]


async def move(world: World, by: timedelta = timedelta(seconds=1)) -> list[str]:
    return [happening.text for happening in await world.service.advance_clock(by)]


async def test_a_wave_waits_for_the_outbox_and_what_somebody_waits_for_does_not(world: World) -> None:
    """S7."""
    wave, urgent = message(NoticeKind.MONTH_END), message(NoticeKind.LOW_BALANCE, "ntc-a2")
    await tell(world, wave, urgent)
    assert await kinds(world) == [NoticeKind.LOW_BALANCE]
    assert await move(world) == ["messages: 1 month end by sms"]
    assert set(await kinds(world)) == {NoticeKind.MONTH_END, NoticeKind.LOW_BALANCE}
    assert await move(world) == []


async def test_a_channel_without_room_is_asked_again_in_the_next_second(world: World) -> None:
    world.notifier.says[Channel.SMS] = Delivery.FULL
    await world.service.charge(ZHANG, Money(5900))
    assert await kinds(world) == []
    assert await names(world) == [events.NOTICE_DELAYED]
    assert await move(world) == []
    del world.notifier.says[Channel.SMS]
    assert await move(world) == ["messages: 1 stopped by sms"]
    assert await names(world) == [events.NOTICE_DELAYED, events.NOTICE_SENT]


async def test_what_waits_goes_on_after_a_crash(world: World) -> None:
    await tell(world, message(NoticeKind.MONTH_END))
    await world.restart()
    assert await kinds(world) == [NoticeKind.MONTH_END]


async def test_what_does_not_arrive_is_tried_again_and_then_has_failed(world: World) -> None:
    world.notifier.says[Channel.SMS] = Delivery.FAILED
    await world.service.charge(ZHANG, Money(5900))
    assert await move(world, timedelta(minutes=9)) == []
    assert await names(world) == [events.NOTICE_FAILED]
    await world.restart()
    assert await names(world) == [events.NOTICE_FAILED]
    await move(world, timedelta(minutes=1))
    await move(world, timedelta(minutes=20))
    assert await names(world) == [events.NOTICE_FAILED] * 3
    final = [event.detail for event in await world.service.timeline(ZHANG) if event.name == events.NOTICE_FAILED][-1]
    assert (final["attempt"], final["final"], final["channel"]) == ("3", "true", "sms")
    (failed,) = world.store.all_notices()
    assert failed.state is NoticeState.FAILED
    del world.notifier.says[Channel.SMS]
    assert await move(world, timedelta(days=3)) == []


async def test_what_the_official_account_does_not_bring_goes_out_by_sms(world: World) -> None:
    world.notifier.says[Channel.WECHAT] = Delivery.FAILED
    await tell(world, message(NoticeKind.LOW_BALANCE, channel=Channel.WECHAT))
    await move(world, timedelta(hours=1))
    (notice,) = await world.service.inbox(ZHANG)
    assert (notice.channel, notice.kind) == (Channel.SMS, NoticeKind.LOW_BALANCE)
    assert notice.id != "ntc-a1"
    assert notice.link == link_of(notice)
    assert notice.link in notice.text
    assert notice.sent_at == START + timedelta(minutes=30)


@pytest.fixture(params=[NoticeKind.DUNNING, NoticeKind.STOP_NOTICE])
def arrears(request: pytest.FixtureRequest) -> NoticeKind:
    kind: NoticeKind = request.param
    return kind


async def owing(world: World, kind: NoticeKind) -> None:
    """Overdue and still open (a restore by hand), with a message on its way."""
    await world.service.charge(ZHANG, Money(5900))
    await world.service.restore(ZHANG)
    world.notifier.says[Channel.SMS] = Delivery.FULL
    await tell(world, message(kind))
    del world.notifier.says[Channel.SMS]


async def test_who_owes_is_dunned(world: World, arrears: NoticeKind) -> None:
    await owing(world, arrears)
    await move(world)
    assert arrears in await kinds(world)


async def test_who_has_paid_meanwhile_is_not_dunned(world: World, arrears: NoticeKind) -> None:
    """S6: the condition is checked again at the moment of sending."""
    await owing(world, arrears)
    await pay(world.service, ZHANG, Money(2900))
    assert await move(world) == [f"messages: 1 {arrears.value} cancelled"]
    assert arrears not in await kinds(world)
    assert events.NOTICE_WITHDRAWN in await names(world)
    assert NoticeState.CANCELLED in {notice.state for notice in world.store.all_notices()}


async def test_who_was_stopped_meanwhile_is_reminded_of_nothing(world: World) -> None:
    """S6."""
    await tell(world, message(NoticeKind.MONTH_END))
    await world.service.charge(ZHANG, Money(5900))
    await move(world)
    assert await kinds(world) == [NoticeKind.STOPPED]


async def test_receivers_get_short_messages_only_and_only_where_they_are_wanted() -> None:
    world = World(replace(rules(), notices=NoticeRules(relay=True)))
    told: list[str] = []
    world.service._relayed = lambda: told.append("waits")
    await world.start()
    await tell(world, message(NoticeKind.LOW_BALANCE, channel=Channel.WECHAT))
    assert (await world.store.relayed(10), told) == ([], [])
    await tell(world, message(NoticeKind.LOW_BALANCE, "ntc-a2"))
    assert [each.notice.id for each in await world.store.relayed(10)] == ["ntc-a2"]
    assert told == ["waits"]
    await world.service.stop()


async def test_without_receivers_nothing_is_kept_for_them(world: World) -> None:
    await tell(world, message(NoticeKind.LOW_BALANCE))
    assert await world.store.relayed(10) == []


async def test_a_link_is_opened_once(world: World) -> None:
    await world.service.charge(ZHANG, Money(5900))
    (notice,) = await world.service.inbox(ZHANG)
    clicked = await world.service.click(ZHANG, notice.id)
    assert clicked.clicked_at == START
    await move(world)
    code = str(notice.link).rpartition("=")[2]
    assert await world.service.click(ZHANG, code) == clicked
    assert await world.service.inbox(ZHANG) == [clicked]
    assert (await names(world)).count(events.NOTICE_CLICKED) == 1


async def test_nobody_opens_another_phone_s_message_or_what_has_no_link(world: World) -> None:
    await world.service.charge(ZHANG, Money(5900))
    (notice,) = await world.service.inbox(ZHANG)
    for msisdn, name in ((LI, notice.id), (WANG, "zzzz")):
        with pytest.raises(NotFound, match=f"has received no message `{name}`"):
            await world.service.click(msisdn, name)
    await pay(world.service, ZHANG, Money(2900))
    restored = (await world.service.inbox(ZHANG))[0]
    with pytest.raises(Conflict, match="has no link to open"):
        await world.service.click(ZHANG, restored.id)
