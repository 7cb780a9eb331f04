"""curl, an independent TLS and HTTP client, against the front."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from nfemu.web.origins.ca import CertificateAuthority
from nfemu.wire.proxy_protocol import ProxyHeader, encode
from tests.web.gateway_side import ADDRESS, TOKEN, UE, GatewaySide


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
async def relay_port(tmp_path: Path, gateway: GatewaySide) -> AsyncIterator[int]:
    """A TCP port behind which the front answers as port 443 of every name."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        front_reader, front_writer = await asyncio.open_unix_connection(str(tmp_path / "origin.sock"))
        front_writer.write(encode(ProxyHeader(ip_address(UE), 40000, ip_address(ADDRESS), 443, TOKEN)))
        await asyncio.gather(_copy(reader, front_writer), _copy(front_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.parametrize("url", ["https://news.example/", "https://xn--fiq228c.example/", f"https://{ADDRESS}/"])
async def test_curl_verifies_and_reads(
    tmp_path: Path, authority: CertificateAuthority, relay_port: int, url: str
) -> None:
    curl = await asyncio.create_subprocess_exec(
        *("curl", "-sS", "--noproxy", "*", "--cacert", str(tmp_path / "ca" / "ca.pem")),
        *("--connect-to", f"::127.0.0.1:{relay_port}", url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await curl.communicate()
    assert (curl.returncode, errors) == (0, b"")
    assert f"url           {url}" in output.decode()
