"""The portal team's own server behind the portal's name (`portal.upstream`): what a stock `http.server` sees."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio

from nfemu.web.origins.ca import CertificateAuthority
from nfemu.wire.proxy_protocol import ProxyHeader, decode
from tests.journeys.inside import Inside, inside
from tests.journeys.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER = "13800138000"
PORTAL = "portal.carrier.example"
FORGED = "8613912345678"


class PortalTeam(BaseHTTPRequestHandler):
    """Notes what arrives and says hello."""

    protocol_version = "HTTP/1.1"
    server: "PortalServer"

    def setup(self) -> None:
        if self.server.behind_proxy_protocol:
            self.server.announced.append(_preface(self.request))
        super().setup()

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.received.append((self.command, self.path, self.headers.items(), self.rfile.read(length)))
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Quiet."""


class PortalServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PortalTeam)
        self.received: list[tuple[str, str, list[tuple[str, str]], bytes]] = []
        self.announced: list[ProxyHeader] = []
        self.behind_proxy_protocol = False

    @property
    def port(self) -> int:
        return self.server_address[1]

    def values(self, name: str) -> list[str]:
        """Of one header in the only request that was received."""
        ((_, _, fields, _),) = self.received
        return [value for key, value in fields if key.lower() == name.lower()]


def _preface(connection: socket.socket) -> ProxyHeader:
    """The PROXY header, read to its last byte and no further."""
    data = connection.recv(16, socket.MSG_WAITALL)
    data += connection.recv(int.from_bytes(data[14:16]), socket.MSG_WAITALL)
    decoded = decode(data)
    assert decoded is not None
    return decoded[0]


@contextmanager
def served(server: PortalServer) -> Iterator[PortalServer]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[PortalServer]:
    with served(PortalServer()) as running:
        yield running


OVERRIDES: dict[str, object] = {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    async with inside(tmp_path_factory.mktemp("own-portal"), OVERRIDES) as carrier:
        await carrier.charge(NUMBER, "59.00")
        yield carrier


async def configure(carrier: Inside, **upstream: object) -> None:
    """Reload with another `portal.upstream`, as a running carrier does."""
    OVERRIDES["carrier.portal.upstream"] = upstream
    await carrier.emulator.reload()


async def request(carrier: Inside, head: str = "GET /green?url=http%3A%2F%2Fnews.example%2F", extra: str = "") -> Wire:
    """From the restricted phone, with forged copies."""
    wire = await carrier.wire(carrier.own_port(NUMBER))
    method, target = head.split(" ", 1)
    forged = (
        f"X-MSISDN: {FORGED}\r\nX_Msisdn: {FORGED}\r\nx-up-calling-line-id: {FORGED}\r\nForwarded: for={FORGED}\r\n"
    )
    forged += (
        f"X-Forwarded-For: {FORGED}\r\nX-Real-IP: {FORGED}\r\nCookie: a=b; User-Identity-Forward-msisdn={FORGED}\r\n"
    )
    await wire.send(f"{method} http://{PORTAL}{target} HTTP/1.1\r\nHost: {PORTAL}\r\n{forged}{extra}\r\n".encode())
    return wire


@pytest.mark.parametrize("preserve_host", [True, False])
async def test_enriched_once_and_told_the_address(here: Inside, server: PortalServer, preserve_host: bool) -> None:
    """The default for plain HTTP is `X-Forwarded-For`; no other hint of a number or address is there."""
    await configure(here, http=f"http://127.0.0.1:{server.port}", preserve_host=preserve_host)
    before = len(here.tap.connections)
    answer = await (await request(here)).answer()
    assert (answer.status, answer.body) == (200, b"hello")
    assert server.received[0][1] == "/green?url=http%3A%2F%2Fnews.example%2F"
    assert server.values("X-MSISDN") == [f"86{NUMBER}"]
    assert server.values("X-Forwarded-For") == [await here.ue(NUMBER)]
    assert server.values("Host") == [PORTAL if preserve_host else f"127.0.0.1:{server.port}"]
    assert server.values("Cookie") == ["a=b"]
    assert FORGED not in str(server.received)
    assert here.tap.connections[before:] == []


async def test_address_not_told(here: Inside, server: PortalServer) -> None:
    await configure(here, http=f"http://127.0.0.1:{server.port}", ue_address="none")
    assert (await (await request(here)).answer()).status == 200
    assert server.values("X-Forwarded-For") == []
    assert server.values("X-MSISDN") == [f"86{NUMBER}"]
    assert await here.ue(NUMBER) not in str(server.received)


async def test_address_told_by_proxy_protocol(here: Inside, server: PortalServer) -> None:
    server.behind_proxy_protocol = True
    await configure(here, http=f"http://127.0.0.1:{server.port}", ue_address="proxy2")
    assert (await (await request(here)).answer()).status == 200
    (header,) = server.announced
    assert str(header.source) == await here.ue(NUMBER)
    assert (str(header.destination), header.destination_port) == ((await here.addresses(PORTAL))[0], 80)
    assert header.token == b""
    assert server.values("X-Forwarded-For") == []
    assert server.values("X-MSISDN") == [f"86{NUMBER}"]


async def test_bodies_arrive_whole(here: Inside, server: PortalServer) -> None:
    await configure(here, http=f"http://127.0.0.1:{server.port}")
    body = bytes(range(256)) * 1024
    wire = await request(here, "POST /form", f"Content-Length: {len(body)}\r\n")
    await wire.send(body)
    assert (await wire.answer()).status == 200
    assert server.received[0][3] == body


async def test_two_lines_on_kept_connections_are_told_apart(here: Inside, server: PortalServer) -> None:
    """Origin connections are the line's own, whatever its address is told by."""
    server.behind_proxy_protocol = True
    await configure(here, http=f"http://127.0.0.1:{server.port}", ue_address="proxy2")
    numbers = [NUMBER, "13800138001"]
    for number in numbers:
        wire = await here.wire(here.own_port(number))
        for _ in range(2):
            await wire.send(f"GET http://{PORTAL}/ HTTP/1.1\r\nHost: {PORTAL}\r\n\r\n".encode())
            assert (await wire.answer()).status == 200
    told = [dict(fields)["X-MSISDN"] for _, _, fields, _ in server.received]
    assert told == [f"86{number}" for number in numbers for _ in range(2)]
    assert [str(header.source) for header in server.announced] == [await here.ue(number) for number in numbers]


async def test_tls_goes_through_untouched(here: Inside, server: PortalServer, tmp_path: Path) -> None:
    """The server's own certificate, and never a number."""
    _serve_tls(server, tmp_path)
    await configure(here, https=f"https://127.0.0.1:{server.port}")
    wire = await here.wire(here.own_port(NUMBER))
    await wire.send(f"CONNECT {PORTAL}:443 HTTP/1.1\r\nHost: {PORTAL}:443\r\nX-MSISDN: {FORGED}\r\n\r\n".encode())
    assert b" 200 " in await wire.head()
    assert await wire.tls(PORTAL)
    await wire.send(f"GET /secure HTTP/1.1\r\nHost: {PORTAL}\r\n\r\n".encode())
    assert (await wire.answer()).body == b"hello"
    assert server.values("X-MSISDN") == server.values("X-Forwarded-For") == []
    assert server.received[0][1] == "/secure"
    plain = await (await request(here)).answer()
    assert (plain.status, len(server.received)) == (200, 1)
    assert "138****8000" in plain.body.decode()


def _serve_tls(server: PortalServer, folder: Path) -> None:
    """With a certificate that a portal team would bring; here it is from an authority of its own."""
    authority = CertificateAuthority.load_or_create(folder / "team", lambda: datetime.now(UTC))
    server.socket = authority.server_context(PORTAL).wrap_socket(server.socket, server_side=True)


async def test_a_server_that_is_not_there(here: Inside) -> None:
    """A page that says so; nothing falls back to the built-in portal."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    await configure(here, http=f"http://127.0.0.1:{port}")
    answer = await (await request(here)).answer()
    assert (answer.status, answer.field("content-type")) == (502, "text/html; charset=utf-8")


async def test_others_still_come_from_the_emulated_internet(here: Inside, server: PortalServer) -> None:
    await configure(here, http=f"http://127.0.0.1:{server.port}", https=f"https://127.0.0.1:{server.port}")
    process = await asyncio.create_subprocess_exec(
        "curl", "-s", "--proxy", f"http://127.0.0.1:{here.own_port('13800138001')}", "http://news.example/",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert b"Example News" in output
    assert server.received == []


async def test_the_built_in_portal_is_back_after_a_reload(here: Inside) -> None:
    OVERRIDES.clear()
    await here.emulator.reload()
    answer = await (await request(here)).answer()
    assert (answer.status, "138****8000" in answer.body.decode()) == (200, True)
