import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nfemu.store import SqlStore
from nfemu.web.wechat.keys import PlatformKeys
from nfemu.web.wechat.merchants import Merchants, NewMerchant, VerifiedBy
from tests.web.stack import Stack
from tests.web.wechat.provider import APPID, BY_CERTIFICATE, MCHID, Provider, wall


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    made = Stack(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="session")
def merchants(tmp_path_factory: pytest.TempPathFactory) -> Merchants:
    """Two, one for each way to check the provider; nobody changes them, since RSA keys take their time."""
    folder = tmp_path_factory.mktemp("wechat")
    made = Merchants(folder / "merchants", PlatformKeys(folder / "platform", wall), wall)

    async def add() -> None:
        await made.add(NewMerchant(MCHID, (APPID,), "示例移动", ("merchant.example", "portal.carrier.example")))
        await made.add(NewMerchant(BY_CERTIFICATE, (APPID,), verified_by=VerifiedBy.CERTIFICATE))

    asyncio.run(add())
    return made


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Brought to the newest schema once, since that takes longer than most tests."""
    path = tmp_path_factory.mktemp("store") / "empty.sqlite"

    async def make() -> None:
        store = SqlStore(f"sqlite:///{path}")
        await store.open()
        await store.close()

    asyncio.run(make())
    return path


@pytest.fixture
async def provider(tmp_path: Path, merchants: Merchants, empty_store: Path) -> AsyncIterator[Provider]:
    store = SqlStore(f"sqlite:///{shutil.copy(empty_store, tmp_path / 'store.sqlite')}")
    await store.open()
    made = Provider(store, merchants)
    await made.start()
    yield made
    await made.stop()
    await store.close()
