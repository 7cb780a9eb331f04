"""One side of a spliced connection by itself."""

import asyncio
import socket

from nfemu.gateway.bearer.gate.side import Side


async def test_more_than_a_socket_holds() -> None:
    ours, theirs = socket.socketpair()
    side, peer = Side(ours), Side(theirs)
    sending = asyncio.create_task(side.send(b"x" * (4 << 20)))
    count = 0
    while count < 4 << 20:
        count += len(await peer.receive(1 << 16))
    await sending
    side.finish()
    assert await peer.receive(1) == b""
    for each in (side, peer, side, peer):
        each.close()
        each.reset()


async def test_closed_under_who_waits() -> None:
    ours, theirs = socket.socketpair()
    side = Side(ours)
    waiting = asyncio.create_task(side.receive(1))
    await asyncio.sleep(0)
    side.reset()
    waiting.cancel()
    await asyncio.wait((waiting,))
    assert waiting.cancelled()
    theirs.close()
