"""The emulated channels: as many a second as they take, and what fails fails."""

from dataclasses import replace
from datetime import timedelta

from nfemu.bss.channels import ChannelRules, NoticeRules
from nfemu.carrier.ports import Delivery
from nfemu.model.notices import Channel
from nfemu.runtime.channels import Channels
from tests.fakes.world import START
from tests.store.people import notice

NOTICE = notice("ntc-1")


async def test_each_channel_has_its_own_pace() -> None:
    now = START
    rules = NoticeRules({Channel.SMS: ChannelRules(2)})
    channels = Channels(lambda: now, lambda: rules)
    assert [await channels.send(NOTICE) for _ in range(3)] == [Delivery.TAKEN, Delivery.TAKEN, Delivery.FULL]
    assert await channels.send(replace(NOTICE, channel=Channel.WECHAT)) is Delivery.TAKEN
    now += timedelta(seconds=1)
    assert await channels.send(NOTICE) is Delivery.TAKEN


async def test_rules_are_those_of_the_moment() -> None:
    rules = NoticeRules({Channel.SMS: ChannelRules(fail=100)})
    channels = Channels(lambda: START, lambda: rules)
    assert await channels.send(NOTICE) is Delivery.FAILED
    rules = NoticeRules()
    assert await channels.send(NOTICE) is Delivery.TAKEN
