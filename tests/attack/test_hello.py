"""The hand-made hellos are ones, to the parser of the gateway as to OpenSSL."""

import ssl

import pytest

from nfemu.attack.hello import grease_and_ech, hello
from nfemu.wire.tls_hello import parse_client_hello


@pytest.mark.parametrize("record", [7, 16384])
@pytest.mark.parametrize("extra", [b"", grease_and_ech()])
def test_the_name_is_read(record: int, extra: bytes) -> None:
    parsed = parse_client_hello(hello([b"portal.example"], extra, record).encode("latin-1"))
    assert parsed is not None
    assert parsed.server_name == "portal.example"


def test_openssl_reads_it_too() -> None:
    incoming = ssl.MemoryBIO()
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _tls, name, _context: names.append(name)
    server = context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True)
    incoming.write(hello([b"portal.example"], grease_and_ech()).encode("latin-1"))
    with pytest.raises(ssl.SSLError):
        server.do_handshake()
    assert names == ["portal.example"]
