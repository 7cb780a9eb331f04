"""Raw bytes at the portal's own listener, as if a gateway had let them through: nobody sees another one's account."""

import pytest

from tests.fakes.world import LI, ZHANG
from tests.web.stack import PORTAL, Stack

_HOST = f"Host: {PORTAL}\r\n"
_TRUE = f"X-MSISDN: {ZHANG.e164}\r\n"
_FORGED = f"X-MSISDN: {LI.e164}\r\n"
_INNER = f"GET /green HTTP/1.1\r\n{_HOST}{_FORGED}\r\n"
_MASKED = f"{LI.e164[2:5]}****{LI.e164[-4:]}"


def get(fields: str, path: str = "/green") -> str:
    return f"GET {path} HTTP/1.1\r\n{_HOST}{fields}\r\n"


def post(fields: str, body: str) -> str:
    return f"POST /green HTTP/1.1\r\n{_HOST}{fields}\r\n{body}"


@pytest.mark.parametrize(
    "raw",
    [
        get(_FORGED),
        get(_TRUE + _FORGED),
        get(_FORGED + _TRUE),
        get(_TRUE + f"X_MSISDN: {LI.e164}\r\n"),
        get(f"X_MSISDN: {LI.e164}\r\n"),
        get(f"X-MSISDN: {ZHANG.e164}, {LI.e164}\r\n"),
        get(f"X-MSISDN : {LI.e164}\r\n"),
        get(f"X-MSISDN\0: {LI.e164}\r\n"),
        get(f"X-MSISDN:\r\n {LI.e164}\r\n"),
        get(_TRUE.replace("\r\n", f"\r\n {LI.e164}\r\n")),
        get(f"X-A: a\rX-MSISDN: {LI.e164}\r\n"),
        get(f"X-A: a\n{_FORGED}"),
        get(_TRUE) + get(_FORGED),
        get("", f"/green?X-MSISDN={LI.e164}"),
        get(f"Cookie: User-Identity-Forward-msisdn={LI.e164}\r\n"),
        post(_TRUE + f"Content-Length: {len(_INNER) + 5}\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + _INNER),
        post(_TRUE + f"Content-Length: 0\r\nContent-Length: {len(_INNER)}\r\n", _INNER),
        post(_TRUE + "Transfer-Encoding: xchunked\r\n", _INNER),
        post(_TRUE + "Transfer-Encoding: chunked\r\n", f"0\r\n{_FORGED}\r\n"),
        f"GET /green HTTP/1.1\r\nHost: news.example\r\n{_HOST}{_FORGED}\r\n",
        f"GET http://{PORTAL}/green HTTP/1.1\r\n{_HOST}{_FORGED}\r\n",
        f"GET /green HTTP/1.0\r\n{_HOST}{_FORGED}\r\n",
    ],
)
async def test_never_another_ones_account(stack: Stack, raw: str) -> None:
    wire = await stack.gateway.connect(80, ue=stack.ue(ZHANG))
    await wire.send(raw.encode("latin-1"))
    wire.writer.write_eof()
    answer = await wire.ended()
    assert answer.startswith(b"HTTP/1.1 ")
    assert _MASKED.encode() not in answer
    assert LI.e164.encode() not in answer


async def test_its_owner_is_shown(stack: Stack) -> None:
    """Else the test above could not fail."""
    wire = await stack.gateway.connect(80, ue=stack.ue(LI))
    await wire.send(get(_FORGED).encode())
    wire.writer.write_eof()
    assert _MASKED.encode() in await wire.ended()
