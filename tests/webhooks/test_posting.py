"""One attempt on real sockets."""

import asyncio
import socket

import pytest

from nfemu.webhooks.callback import Callback
from nfemu.webhooks.posting import post
from tests.webhooks.receiving import NOTHING, receiver, status

HEADERS = {"Nfemu-Event-Id": "evt-1"}
BODY = '{"number": "8613800138000", "name": "示例"}'.encode()


async def test_what_is_sent() -> None:
    async with receiver(status(204)) as it:
        outcome = await post(Callback.parse(it.url), HEADERS, BODY, (), 20)
    assert (outcome.status, outcome.accepted) == (204, True)
    (came,) = it.came
    head, _, body = came.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert body == BODY
    assert lines[0] == "POST /events?of=nfemu HTTP/1.1"
    assert f"Host: 127.0.0.1:{it.port}" in lines
    assert f"Content-Length: {len(BODY)}" in lines
    assert {"Content-Type: application/json", "Connection: close", "Nfemu-Event-Id: evt-1"} <= set(lines)


async def test_by_the_name_of_this_machine() -> None:
    async with receiver() as it:
        outcome = await post(Callback.parse(it.url.replace("127.0.0.1", "localhost")), HEADERS, BODY, (), 20)
    assert outcome.status == 204


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(302, "Location: http://127.0.0.1:1/"), 302),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + status(200), 200),
        (status(503), 503),
        (b"HTTP/1.0 200 OK\r\n\r\nfor ever", 200),
    ],
)
async def test_the_final_status_counts_and_no_redirect_is_followed(answer: bytes, expected: int) -> None:
    async with receiver(answer) as it:
        assert (await post(Callback.parse(it.url), HEADERS, BODY, (), 20)).status == expected
    assert len(it.came) == 1


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000])
async def test_what_is_no_answer(answer: bytes) -> None:
    async with receiver(answer) as it:
        outcome = await post(Callback.parse(it.url), HEADERS, BODY, (), 20)
    assert (outcome.status, outcome.accepted) == (None, False)
    assert outcome.failure


async def test_who_hangs_is_left() -> None:
    async with receiver(NOTHING) as it:
        outcome = await post(Callback.parse(it.url), HEADERS, BODY, (), 0.2)
    assert outcome.failure == "no answer within 0.2 s"


async def test_who_does_not_listen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = await post(Callback.parse(f"http://127.0.0.1:{port}/"), HEADERS, BODY, (), 20)
    assert outcome.failure.startswith("ConnectionRefusedError")


async def test_who_may_not_be_called_any_more_is_not() -> None:
    outcome = await post(Callback.parse("http://crm.example/"), HEADERS, BODY, (), 20)
    assert "webhooks may not call `crm.example`" in outcome.failure


async def test_a_receiver_without_tls_is_not_spoken_to_in_plain() -> None:
    """`https` fails where nobody has a certificate; the body is not sent."""
    came: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outcome = await post(Callback.parse(f"https://127.0.0.1:{port}/"), HEADERS, BODY, (), 20)
    server.close()
    assert outcome.status is None
    assert BODY not in came[0]
