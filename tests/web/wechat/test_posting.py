"""Notifications over real sockets: what a merchant's server may answer, and what it may be."""

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest

from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.wechat.outbox import Heard
from nfemu.web.wechat.posting import Post


class Server:
    """Takes one request a connection and answers `answer`; nothing at all where it is None."""

    def __init__(self, answer: bytes | None, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.received = b""
        self._tls = tls
        self._serving: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._serving)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(
            next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split()[1]
        )
        self.received = head + await reader.readexactly(length)
        if self.answer is None:
            await reader.read()
        else:
            writer.write(self.answer)
        writer.close()
        with contextlib.suppress(OSError):  # the other end was faster
            await writer.wait_closed()


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority.load_or_create(tmp_path / "ca", lambda: datetime.now(UTC))


@pytest.fixture
def post(authority: CertificateAuthority, tmp_path: Path) -> Post:
    return Post(tmp_path / "ca" / "ca.pem", lambda _: None, within=5)


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", Heard(204)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\xe6\x88\x90OK", Heard(200, "成OK")),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Heard(200, "ok")),
        (b"HTTP/1.0 500 No\r\n\r\nthe end is the end", Heard(500, "the end is the end")),
        (b"", Heard(0, "the connection ended without an answer")),
    ],
)
async def test_what_a_merchant_answers(post: Post, answer: bytes, heard: Heard) -> None:
    async with Server(answer) as server:
        url = f"http://127.0.0.1:{server.port}/notify"
        assert await post(url, "话".encode(), {"Wechatpay-Nonce": "n"}) == heard
    head, _, body = server.received.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /notify HTTP/1.1\r\n")
    assert (f"Host: 127.0.0.1:{server.port}".encode() in head, b"Wechatpay-Nonce: n" in head, body) == (
        True, True, "话".encode())  # fmt: skip


async def test_what_is_no_answer(post: Post) -> None:
    async with Server(b"SMTP ready\r\n") as server:
        heard = await post(f"http://127.0.0.1:{server.port}", b"", {})
    assert (heard.status, heard.text.startswith("HttpParser")) == (0, True), heard
    assert (await post(f"http://127.0.0.1:{server.port}/", b"", {})).text.startswith("ConnectionRefusedError")


async def test_who_says_nothing(authority: CertificateAuthority, tmp_path: Path) -> None:
    post = Post(tmp_path / "ca" / "ca.pem", lambda _: None, within=0.05)
    async with Server(None) as server:
        heard = await post(f"http://localhost:{server.port}/", b"", {})
    assert heard == Heard(0, "no answer within 0.05 s")


async def test_tls_to_this_machine_with_any_certificate(post: Post, tmp_path: Path) -> None:
    other = CertificateAuthority.load_or_create(tmp_path / "other", lambda: datetime.now(UTC))
    async with Server(b"HTTP/1.1 204 No Content\r\n\r\n", other.server_context("whatever.example")) as server:
        assert await post(f"https://127.0.0.1:{server.port}/", b"{}", {}) == Heard(204)


async def test_a_name_leads_where_its_server_is(authority: CertificateAuthority, tmp_path: Path) -> None:
    async with Server(b"HTTP/1.1 204 No Content\r\n\r\n", authority.server_context("portal.carrier.example")) as server:
        post = Post(tmp_path / "ca" / "ca.pem", {"portal.carrier.example": ("127.0.0.1", server.port)}.get)
        assert await post("https://portal.carrier.example/notify", b"{}", {}) == Heard(204)
    assert b"Host: portal.carrier.example\r\n" in server.received


@pytest.mark.parametrize("url", ["https://merchant.example/notify", "https://169.254.169.254/", "https://127.1/"])
async def test_nobody_else_is_called(post: Post, url: str) -> None:
    """Whoever may order would otherwise have the carrier send requests into its own networks."""
    assert "add it to `webhooks.hosts`" in (await post(url, b"{}", {})).text


async def test_a_host_that_the_configuration_names_is_called(authority: CertificateAuthority, tmp_path: Path) -> None:
    post = Post(tmp_path / "ca" / "ca.pem", lambda _: None, lambda: ["merchant.invalid"])
    assert (await post("https://merchant.invalid/notify", b"{}", {})).text.startswith("gaierror")


def test_elsewhere_a_certificate_must_be_believed(post: Post) -> None:
    assert (post._tls("merchant.example").verify_mode, post._tls("merchant.example").check_hostname) == (
        ssl.CERT_REQUIRED, True)  # fmt: skip
