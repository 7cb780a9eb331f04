import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from dnslib import DNSRecord

from nfemu.gateway.bearer.dns import desk, pace, tcp
from tests.gateway.bearer.dns.serving import Phone, serving

PAY, NEWS = "www.pay.example", "news.example"


@asynccontextmanager
async def connected(phone: Phone) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", phone.port)
    try:
        yield reader, writer
    finally:
        writer.close()


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def question(name: str) -> bytes:
    return bytes(DNSRecord.question(name).pack())


async def answer(reader: asyncio.StreamReader) -> DNSRecord:
    async with asyncio.timeout(20):
        return DNSRecord.parse(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big")))


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(20):
        return await reader.read()


async def test_several_questions_in_a_row_on_one_connection() -> None:
    async with serving() as phone, connected(phone) as (reader, writer):
        writer.write(framed(question(PAY)) + framed(question(NEWS)) + framed(question("mail.example")))
        for expected in ("198.18.0.16", "100.100.0.16", "100.100.0.17"):
            assert str((await answer(reader)).rr[0].rdata) == expected


async def test_an_octet_at_a_time() -> None:
    async with serving() as phone, connected(phone) as (reader, writer):
        for octet in framed(question(NEWS)):
            writer.write(bytes([octet]))
            await writer.drain()
        assert (await answer(reader)).rr


async def test_a_bad_question_is_told_so_and_what_is_none_ends_the_connection() -> None:
    async with serving() as phone, connected(phone) as (reader, writer):
        writer.write(framed(question(NEWS)[:-1]))
        assert (await answer(reader)).header.rcode == 1
        writer.write(framed(b""))
        assert await until_closed(reader) == b""


async def test_who_asks_too_much_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "QUESTIONS_A_SECOND", 2)
    async with serving() as phone, connected(phone) as (reader, writer):
        writer.write(framed(question(NEWS)) * 3)
        assert [(await answer(reader)).rr != [] for _ in range(2)] == [True, True]
        assert await until_closed(reader) == b""


async def test_who_is_not_attached_is_refused() -> None:
    async with serving(policy=None) as phone, connected(phone) as (reader, writer):
        writer.write(framed(question(NEWS)))
        assert (await answer(reader)).header.rcode == 5


async def test_a_slow_client_is_left_and_a_silent_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "_IDLE_S", 0.01)
    monkeypatch.setattr(tcp, "_MESSAGE_S", 0.01)
    async with serving() as phone:
        for begun in (b"", b"\0", b"\0\x20", framed(question(NEWS))[:-1]):
            async with connected(phone) as (reader, writer):
                writer.write(begun)
                assert await until_closed(reader) == b""


async def test_connections_of_a_line_are_bounded_and_one_that_ends_makes_room() -> None:
    async with serving() as phone:
        held = [await asyncio.open_connection("127.0.0.1", phone.port) for _ in range(8)]
        for reader, writer in held:
            writer.write(framed(question(NEWS)))
            assert (await answer(reader)).rr
        async with connected(phone) as (reader, _):
            assert await until_closed(reader) == b""
        held[0][1].write_eof()
        assert await until_closed(held[0][0]) == b""
        async with connected(phone) as (reader, writer):
            writer.write(framed(question(NEWS)))
            assert (await answer(reader)).rr
        for _, writer in held:
            writer.close()


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing_behind() -> None:
    async with serving() as phone:
        binding, release = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            binding.set()
            await release.wait()

        phone.bindings.before = hold
        async with connected(phone) as (_, writer):
            writer.write(framed(question(PAY)))
            await binding.wait()
        release.set()
        assert await phone.addresses(PAY)
        assert len(phone.bindings.bound) == 1


async def test_a_full_queue_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_WAITING", 0)
    async with serving() as phone, connected(phone) as (reader, writer):
        writer.write(framed(question(NEWS)))
        assert await until_closed(reader) == b""
