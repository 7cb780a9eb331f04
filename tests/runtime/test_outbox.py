"""The outbox: the rate and the order of a wave, in business time, over a crash, past what fails."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nfemu.bss.channels import ChannelRules, NoticeRules
from nfemu.carrier.ports import Change, PutAccount, PutNotice, PutSubscriber
from nfemu.model.account import Account, AccountKind
from nfemu.model.errors import Unavailable
from nfemu.model.identity import AccountId, CorrelationId, Imsi, Msisdn, NoticeId
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind
from nfemu.model.subscriber import Subscriber
from nfemu.runtime.channels import Channels
from tests.fakes.faults import Crash
from tests.fakes.world import START, ZHANG, World, rules

RATE = 20
SECOND = timedelta(seconds=1)


def wave(kind: NoticeKind, numbers: range) -> list[Change]:
    """Accounts of one card each, and a message for each of them."""
    changes: list[Change] = []
    for number in numbers:
        account, imsi = AccountId(f"w{number:03}"), Imsi(f"46001{number:010}")
        changes += [
            PutAccount(Account(account, AccountKind.PERSONAL, "CNY", Money(0))),
            PutSubscriber(Subscriber(imsi, Msisdn(f"861370{number:07}"), account)),
            PutNotice(Notice(NoticeId(f"ntc-{number}"), imsi, kind, "示例移动", "…", CorrelationId("cor-0"), START)),
        ]
    return changes


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A carrier whose SMS channel takes so many a second, nine tenths of it for waves. Its clock stands."""
    made = World(replace(rules(), notices=NoticeRules({Channel.SMS: ChannelRules(RATE)})))

    def now() -> datetime:
        return made.service.now()

    channels = Channels(now, lambda: made.rules.notices)
    made.notifier.send = channels.send  # type: ignore[method-assign]  # the fake keeps no pace
    await made.start()
    yield made
    await made.service.stop()


async def later(world: World, by: timedelta) -> list[str]:
    return [happening.text for happening in await world.service.advance_clock(by)]


def by_second(world: World) -> dict[datetime, list[NoticeKind]]:
    sent: dict[datetime, list[NoticeKind]] = {}
    for notice in world.store.all_notices():
        if notice.sent_at is not None:
            sent.setdefault(notice.sent_at, []).append(notice.kind)
    return sent


def counts(world: World) -> list[int]:
    """How many messages went out in the first second, in the next one that had any, and so on."""
    return [len(kinds) for _, kinds in sorted(by_second(world).items())]


async def test_a_wave_goes_out_at_the_channel_s_rate(world: World) -> None:
    """S7."""
    await world.store.commit(wave(NoticeKind.MONTH_END, range(70)))
    await world.restart()
    assert counts(world) == [18]
    assert await later(world, timedelta(minutes=1)) == [f"messages: {count} month end by sms" for count in (18, 18, 16)]
    assert sorted(by_second(world)) == [START + number * SECOND for number in range(4)]


async def test_nothing_is_looked_at_twice_in_a_second_that_is_full(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else thousands of accounts that fall due in one second each had all that wait looked at once more."""
    await world.store.commit(wave(NoticeKind.MONTH_END, range(40)))
    await world.restart()
    looks = 0
    due = world.store.notices_due

    async def counted(*wanted: Any) -> Any:
        nonlocal looks
        looks += 1
        return await due(*wanted)

    monkeypatch.setattr(world.store, "notices_due", counted)
    for number in range(40, 50):
        await world.store.commit(wave(NoticeKind.MONTH_END, range(number, number + 1)))
        world.service.send(world.service.now())
        await later(world, timedelta(0))
    assert (looks, counts(world)) == (0, [18])
    await later(world, 3 * SECOND)
    assert counts(world) == [18, 18, 14]


async def test_what_is_urgent_overtakes_a_wave(world: World) -> None:
    """S7: urgent kinds first; and a wave always leaves them room in its own second."""
    await world.store.commit(wave(NoticeKind.MONTH_END, range(30)))
    await world.store.commit(wave(NoticeKind.DUNNING, range(30, 40)))
    await world.store.commit(wave(NoticeKind.PAYMENT_CONFIRMED, range(40, 45)))
    world.service.send(START)
    await world.service.charge(ZHANG, Money(5900))
    await later(world, timedelta(0))
    (first,) = by_second(world).values()
    assert first.count(NoticeKind.STOPPED) == 1
    assert first.count(NoticeKind.PAYMENT_CONFIRMED) == 5
    assert first.count(NoticeKind.MONTH_END) > 0


async def test_every_message_of_a_wave_is_sent_once_whatever_crashes(world: World) -> None:
    await world.store.commit(wave(NoticeKind.MONTH_END, range(60)))
    crashes = 0
    while counts(world) == [] or sum(counts(world)) < 60:
        world.faults.crash_at(11)
        try:
            await world.restart()
            await later(world, SECOND)
        except Crash:
            pass
        crashes += world.faults.crashed
        world.faults.heal()
        assert crashes < 200
    assert sum(counts(world)) == 60
    assert crashes > 0


async def test_an_account_that_cannot_be_read_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.store.commit(wave(NoticeKind.MONTH_END, range(3)))
    read = world.store.account

    async def broken(account: AccountId) -> object:
        if account == "w001":
            raise Unavailable("the disk")
        return await read(account)

    monkeypatch.setattr(world.store, "account", broken)
    world.service.send(START)
    with pytest.raises(Unavailable, match="the disk"):
        await later(world, SECOND)
    assert sum(counts(world)) == 2
    monkeypatch.undo()
    assert await later(world, SECOND) == ["messages: 1 month end by sms"]
