from collections.abc import AsyncIterator, Mapping
from functools import partial
from ipaddress import ip_address

import pytest

from nfemu.runtime.ids import SeededIds
from nfemu.web.portal.expected import Expected
from nfemu.web.portal.wechat.account import MerchantAccount
from nfemu.web.portal.wechat.client import WechatClient
from nfemu.web.portal.wechat.provider import WechatProvider
from nfemu.web.portal.wechat.receiver import WechatReceiver
from nfemu.web.wechat.in_process import exchange
from nfemu.web.wechat.keys import read_key
from nfemu.web.wechat.outbox import Heard
from tests.fakes.world import ZHANG, World
from tests.web.portal.wechat.portal import Portal
from tests.web.wechat.provider import APPID, MCHID, Provider, wall


@pytest.fixture
async def portal(provider: Provider) -> AsyncIterator[Portal]:
    world = World()
    merchant, bare = provider.merchant(), provider.merchants.platform.bare
    account = MerchantAccount(
        MCHID,
        APPID,
        merchant.serial,
        read_key(merchant.private_key_file),
        merchant.api_v3_key,
        {bare.serial: bare.private.public_key()},
    )

    async def client() -> WechatClient:
        return WechatClient(account, partial(exchange, provider.app), wall)

    world.provider = WechatProvider(  # type: ignore[assignment]  # instead of the fake
        client, "https://portal.carrier.example/notify/wechat", lambda _: ip_address("10.45.0.2"), world.provider
    )
    world.ids = SeededIds(b"s" * 32)  # type: ignore[assignment]  # of the length that they have
    world.service = service = world._service()
    await world.start()
    await service.attach(ZHANG)
    receiver = WechatReceiver(service, lambda: account, Expected(), wall)

    async def deliver(_: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        answer = await receiver.notify(body, {name.lower(): value for name, value in headers.items()})
        return Heard(answer.status, answer.message)

    provider.desk.outbox._deliver = deliver
    provider.desk._refuse_next_order = lambda: service.orders.fail(1)
    yield Portal(provider, world, service, receiver, account, client)
    await service.stop()
