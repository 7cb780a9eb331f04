"""The message centre follows a reload: off, on, elsewhere, under another name; and stays where that cannot be."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import smpplib.exceptions

from nfemu.bootstrap.smpp import SmppSide
from nfemu.client.state import StateFolder
from nfemu.model.errors import Conflict
from nfemu.settings.configuration import Smpp
from tests.fakes.store import MemoryStore
from tests.messaging.receiving import Phone

SETTINGS = Smpp("127.0.0.1", 0, "nfemu", "10086")


class Fails(Exception):
    """A reload that is refused."""


@pytest.fixture
async def side(tmp_path: Path) -> AsyncIterator[SmppSide]:
    store = MemoryStore()
    made = SmppSide(StateFolder(tmp_path), lambda: store)
    await made.start(SETTINGS)
    yield made
    await made.stop()


def place(side: SmppSide) -> tuple[str, int]:
    host, _, port = str(side.address()).rpartition(":")
    return host, int(port)


async def binds(side: SmppSide, tmp_path: Path, at: tuple[str, int], system_id: str = "nfemu") -> bool:
    try:
        phone = await Phone.bound(at, (tmp_path / "smpp.password").read_text(), system_id)
    except smpplib.exceptions.ConnectionError:
        return False
    phone.client.disconnect()
    return True


async def test_it_stays_where_nothing_is_other(side: SmppSide, tmp_path: Path) -> None:
    before = place(side)
    async with side.following(SETTINGS):
        pass
    assert place(side) == before
    assert await binds(side, tmp_path, before)
    (component,) = side.components()
    assert component.detail.startswith(f"{side.address()}, system_id nfemu, password in {tmp_path}/smpp.password, ")


async def test_it_goes_elsewhere_and_lets_the_old_place_go(side: SmppSide, tmp_path: Path) -> None:
    before = place(side)
    async with side.following(replace(SETTINGS, host="127.0.0.2")):
        assert await binds(side, tmp_path, before)
    assert place(side)[0] == "127.0.0.2"
    assert await binds(side, tmp_path, place(side))
    assert not await binds(side, tmp_path, before)


async def test_under_another_name_only_that_one_binds(side: SmppSide, tmp_path: Path) -> None:
    fixed = replace(SETTINGS, port=place(side)[1])
    await side.stop()
    await side.start(fixed)
    async with side.following(replace(fixed, system_id="other")):
        pass
    assert await binds(side, tmp_path, place(side), "other")


async def test_it_is_switched_off_and_on(side: SmppSide, tmp_path: Path) -> None:
    async with side.following(None):
        pass
    assert (side.address(), side.components()) == (None, [])
    async with side.following(SETTINGS):
        pass
    assert await binds(side, tmp_path, place(side))


async def test_a_reload_that_fails_leaves_it_as_it_was(side: SmppSide, tmp_path: Path) -> None:
    before = place(side)
    for wanted in (replace(SETTINGS, host="127.0.0.2"), None):
        with pytest.raises(Fails):
            async with side.following(wanted):
                raise Fails
        assert place(side) == before
    with pytest.raises(Conflict, match=r"port `\d+` on 127.0.0.1 is in use.*dunning.yaml \(`notices.smpp.port`"):
        async with side.following(replace(SETTINGS, port=before[1])):
            pass
    assert await binds(side, tmp_path, before)
