"""The handler's own promises, beside what the layers show."""

import logging
from pathlib import Path

import pytest
from mitmproxy.connection import Server
from mitmproxy.proxy.commands import OpenConnection

from tests.gateway.engine.conftest import World, until


async def test_it_opens_nothing_without_a_route_and_ends_at_an_error(
    world: World, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    client = await world.connect()
    await until(lambda: world.engine._connections)
    (connection,) = world.engine._connections
    with pytest.raises(TypeError, match="has no route"):
        await connection.open_connection(OpenConnection(Server(address=("127.0.0.1", 1))))
    with caplog.at_level(logging.DEBUG, logger="mitmproxy"):
        connection.log("client connect")
        connection.log("has crashed", logging.ERROR)
    assert [record.message for record in caplog.records] == ["has crashed"]
    assert await client.rest() == b""
