"""What the tests of responder and gate share: lines with loopback addresses, and where they were steered from."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address

from nfemu.carrier.ports import LineState
from nfemu.gateway.engine.judge import Judge
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Imsi, PolicyName
from nfemu.policy.rules import Bindings
from tests.fakes.gateway import FakeReports, FakeView, line

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
PUBLIC = IPv4Address("198.18.0.77")
SINKHOLE = IPv4Address("100.100.0.9")


class FakeBearerView(FakeView):
    """Lines by the loopback addresses that they connect from, and what each was told."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: dict[IpAddress, LineState] = {}
        self.told: dict[Imsi, dict[tuple[str, IpAddress], datetime]] = {}

    def place(self, address: str, state: LineState) -> LineState:
        self.addresses[ip_address(address)] = self.put(state)
        return state

    def tell(self, state: LineState, name: str, address: IpAddress = PUBLIC, seconds: int = 60) -> None:
        """Our DNS has given this line that address for the name."""
        self.told.setdefault(state.imsi, {})[name, address] = NOW + timedelta(seconds=seconds)

    def line_at(self, address: IpAddress) -> LineState | None:
        return self.addresses.get(address)

    def bindings(self, state: LineState) -> Bindings:
        return self.told.get(state.imsi, {})


class Steering:
    """What conntrack would say, and lines on 127.0.0.2 and up."""

    def __init__(self, port: int) -> None:
        self.view = FakeBearerView()
        self.reports = FakeReports()
        self.judge = Judge(self.view, lambda: NOW, self.view.bindings, lambda _: None)
        self.endpoint: tuple[IpAddress, int] | None = (PUBLIC, port)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self.listener.getsockname()[1]

    def original(self, _: socket.socket) -> tuple[IpAddress, int]:
        if self.endpoint is None:
            raise OSError("not redirected")
        return self.endpoint

    def line(self, number: str, policy: PolicyName | None, address: str) -> LineState:
        return self.view.place(address, line(number, policy))

    async def connect(self, source: str = "127.0.0.2") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))


async def outcome(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the end; `reset` where the connection was reset before anything came."""
    data = bytearray()
    try:
        while part := await reader.read(65536):
            data += part
    except ConnectionResetError:
        return bytes(data) or b"reset"
    return bytes(data)
