import asyncio

from nfemu.gateway.engine.dial import Dialled
from nfemu.gateway.ports import Emulated
from nfemu.gateway.stock_bridge import Bridge


async def origin() -> tuple[Dialled, asyncio.Server]:
    """A connection to an origin that repeats what it hears, in capitals."""

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data.upper())
        writer.close()

    server = await asyncio.start_server(repeat, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    return Dialled(reader, writer, Emulated(), ()), server


async def test_it_carries_the_connection_that_was_claimed_and_no_other() -> None:
    dialled, server = await origin()
    left: list[Bridge] = []
    bridge = Bridge(dialled, left.append)
    address = await bridge.open()
    intruder, intruders = await asyncio.open_connection(*address)
    reader, writer = await asyncio.open_connection(*address)
    bridge.claim(writer.get_extra_info("sockname")[1])
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"HELLO"
    assert await asyncio.wait_for(end_of(intruder), 10)
    writer.write_eof()
    assert await reader.read() == b""
    await asyncio.wait_for(bridge.wait_finished(), 10)
    assert left == [bridge]
    for one in (writer, intruders):
        one.close()
    server.close()


async def test_a_cut_ends_both_sides() -> None:
    dialled, server = await origin()
    bridge = Bridge(dialled, lambda _: None)
    reader, writer = await asyncio.open_connection(*await bridge.open())
    bridge.claim(writer.get_extra_info("sockname")[1])
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"HELLO"
    bridge.cut()
    await asyncio.wait_for(bridge.wait_finished(), 10)
    assert await asyncio.wait_for(end_of(reader), 10)
    writer.close()
    server.close()


async def test_a_bridge_may_be_cut_before_anybody_came() -> None:
    dialled, server = await origin()
    bridge = Bridge(dialled, lambda _: None)
    await bridge.open()
    bridge.cut()
    await asyncio.wait_for(bridge.wait_finished(), 10)
    server.close()


async def end_of(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True
