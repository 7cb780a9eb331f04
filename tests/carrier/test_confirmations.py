"""A payment provider writes to whoever has paid somebody else by it (G13)."""

import pytest

from nfemu.model.errors import NotFound
from nfemu.model.identity import Msisdn
from nfemu.model.notices import Channel, NoticeKind, NoticeState
from tests.fakes.world import LI, ZHANG, World

TEXTS = {"zh": "支付成功", "en": "Payment successful"}


async def test_in_the_owner_s_language(world: World) -> None:
    for number, text in ((ZHANG, "支付成功"), (LI, "Payment successful")):
        await world.service.confirm_paid(number, "WeChat Pay", TEXTS, Channel.WECHAT)
        (told,) = await world.service.inbox(number)
        assert (told.kind, told.channel, told.sender) == (NoticeKind.PAYMENT_CONFIRMED, Channel.WECHAT, "WeChat Pay")
        assert (told.text, told.state) == (text, NoticeState.SENT)
    await world.service.confirm_paid(ZHANG, "WeChat Pay", {"en": "Payment successful"}, Channel.WECHAT)
    assert {told.text for told in await world.service.inbox(ZHANG)} == set(TEXTS.values())


async def test_a_phone_that_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        await world.service.confirm_paid(Msisdn("8613800139999"), "WeChat Pay", TEXTS, Channel.WECHAT)
