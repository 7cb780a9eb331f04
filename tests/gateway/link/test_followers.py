"""Points that do not confirm, do not renew or break off are out before anybody goes on without them."""

import asyncio
from pathlib import Path

import pytest

from nfemu.gateway.link.frames import frame
from nfemu.gateway.link.messages import Ack, FromPoint, Serve
from tests.gateway.link.ends import HELLO, Host, following, raw, serving
from tests.gateway.samples import line


async def test_a_late_follower_is_expelled_and_publishing_returns(tmp_path: Path) -> None:
    host = Host([line()])
    async with (
        serving(tmp_path, host, deadline_s=0.5) as server,
        following(tmp_path) as slow,
        following(tmp_path) as quick,
    ):
        slow.engine.gate.clear()
        await server.publish_line(line(version=2))
        assert len(host.expelled) == 1
        assert quick.engine.changed == [(2, True)]
        assert len(server.status()) == 1
        await slow.task
        assert not slow.client.fresh()


@pytest.mark.parametrize("then", [HELLO, None])
async def test_who_breaks_the_protocol_is_hung_up_on(tmp_path: Path, then: FromPoint | None) -> None:
    host = Host()
    async with serving(tmp_path, host), raw(tmp_path) as peer:
        peer.say(HELLO)
        await peer.until(Serve)
        if then is None:
            peer.writer.write(frame(b"nonsense"))
        else:
            peer.say(then)
        while await peer.hear() is not None:
            pass
        assert len(host.expelled) == 1


async def test_who_does_not_renew_is_expelled(tmp_path: Path) -> None:
    host = Host()
    async with serving(tmp_path, host, lease_s=0.05), raw(tmp_path) as peer:
        peer.say(HELLO)
        await peer.until(Serve)
        while await peer.hear() is not None:
            pass
        assert len(host.expelled) == 1


async def test_an_early_or_doubled_acknowledgement_is_harmless(tmp_path: Path) -> None:
    async with serving(tmp_path, Host()) as server, raw(tmp_path) as peer:
        peer.say(HELLO)
        await peer.until(Serve)
        publishing = asyncio.create_task(server.publish_line(line()))
        await asyncio.sleep(0)
        peer.say(Ack(1), Ack(1), Ack(0))
        await publishing
