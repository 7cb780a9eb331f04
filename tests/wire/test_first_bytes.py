import pytest

from nfemu.wire.first_bytes import FirstBytes, classify
from nfemu.wire.http_head import MAX_HEAD


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", None),
        (b"\r\n", None),
        (b"\x16", FirstBytes.TLS),
        (b"\x16\x03\x01", FirstBytes.TLS),
        (b"G", None),
        (b"GET /very/long", None),
        (b"GET / HTTP/1.1\r", FirstBytes.HTTP),
        (b"GET / HTTP/1.1\r\n", FirstBytes.HTTP),
        (b"\r\n\r\nGET / HTTP/1.1\r\n", FirstBytes.HTTP),
        (b"GET\t/\thttp/1.1\n", FirstBytes.HTTP),
        (b"\x00GET / HTTP/1.1\r\n", FirstBytes.HTTP),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", FirstBytes.HTTP),
        (b"GET / RTSP/1.0\r\n", FirstBytes.LIKE_HTTP),
        (b"SOURCE / ice/1.0\r\n", FirstBytes.LIKE_HTTP),
        (b"EHLO phone.example\r\n", FirstBytes.OTHER),
        (b"SSH-2.0-OpenSSH_9.2\r\n", FirstBytes.OTHER),
        (b"\x00\x01\x02", FirstBytes.OTHER),
        (b" GET", FirstBytes.OTHER),
        (b"GET /" + b"x" * MAX_HEAD, FirstBytes.HTTP),
        (b"\r\n" * MAX_HEAD, FirstBytes.HTTP),
    ],
)
def test_classify(data: bytes, kind: FirstBytes | None) -> None:
    assert classify(data) is kind
