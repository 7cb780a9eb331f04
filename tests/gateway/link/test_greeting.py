"""Who is believed on the link, and what the others hear."""

from pathlib import Path

import pytest

from nfemu.gateway.link.client import LinkClient
from nfemu.gateway.link.messages import FromPoint, Hello, LinkError, Refused, Renew, Role
from tests.gateway.link.ends import TOKEN, Host, raw, serving
from tests.gateway.samples import line


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (Hello("wrong", Role.ADDON, "x"), "wrong token"),
        (Hello("", Role.ADDON, "x"), "wrong token"),
        (Hello("ä", Role.ADDON, "x"), "wrong token"),
        (Hello(TOKEN, Role.ADDON, "x", version=0), "version 0"),
        (Hello(TOKEN, Role.WORKER, "x"), "is no worker of this gateway"),
        (Renew(1), "not a hello"),
        (Hello("x" * 5000, Role.ADDON, "x"), "at most 4096"),
    ],
)
async def test_who_is_not_believed_hears_why_and_nothing_else(tmp_path: Path, first: FromPoint, reason: str) -> None:
    async with serving(tmp_path, Host([line()])) as server, raw(tmp_path) as peer:
        peer.say(first)
        refused = await peer.hear()
        assert isinstance(refused, Refused)
        assert reason in refused.reason
        assert await peer.hear() is None
        assert server.status() == []


async def test_a_refused_client_says_why(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()):
        client = LinkClient(tmp_path / "control.sock", Role.ADDON, "test")
        with pytest.raises(LinkError, match="wrong token"):
            await client.connect("wrong")
        assert not client.fresh()


async def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await LinkClient(tmp_path / "control.sock", Role.ADDON, "test").connect(TOKEN)
