"""Accepting on bare sockets, and whoever is here at the moment."""

import asyncio
import logging
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from nfemu.gateway.bearer.accepting import Acceptor, peer_address
from nfemu.model.destination import IpAddress
from tests.gateway.engine.conftest import until


async def test_without_descriptors_it_waits_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    served: list[tuple[socket.socket, IpAddress]] = []
    listener = socket.create_server(("127.0.0.1", 0))
    acceptor = Acceptor([listener], lambda sock, peer: served.append((sock, peer)))
    acceptor.start()
    _, writer = await asyncio.open_connection(*listener.getsockname())
    with caplog.at_level(logging.WARNING), no_descriptors():
        writer.write(b"x")
        await until(lambda: caplog.records)
    assert "no connection can be accepted now" in caplog.text
    await until(lambda: served)
    sock, peer = served[0]
    assert (sock.recv(1), str(peer)) == (b"x", "127.0.0.1")
    sock.close()
    writer.close()
    acceptor.stop()
    assert listener.fileno() < 0


@contextmanager
def no_descriptors() -> Iterator[None]:
    """This process can open nothing meanwhile, whatever it has open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 - of this process
    held = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, before[1]))
        with suppress(OSError):
            while True:
                held.append(os.dup(0))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in held:
            os.close(descriptor)


def test_addresses_of_peers() -> None:
    assert [str(peer_address(text)) for text in ("10.45.0.2", "fe80::1%wwan0", "::ffff:10.45.0.2")] == [
        "10.45.0.2",
        "fe80::1",
        "10.45.0.2",
    ]
