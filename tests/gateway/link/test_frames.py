import asyncio

import pytest

from nfemu.gateway.link import frames
from nfemu.gateway.link.frames import frame, read_frame
from nfemu.gateway.link.messages import LinkError


def reader(data: bytes) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return stream


async def test_messages_come_one_by_one_to_the_end() -> None:
    stream = reader(frame(b"one") + frame(b"") + frame(b"x" * 100_000))
    assert [await read_frame(stream) for _ in range(4)] == [b"one", b"", b"x" * 100_000, None]


async def test_cut_short_at_every_octet() -> None:
    whole = frame(b"message")
    for length in range(1, len(whole)):
        with pytest.raises(LinkError, match="cut short"):
            await read_frame(reader(whole[:length]))


async def test_too_long_is_refused_unread() -> None:
    with pytest.raises(LinkError, match="at most 4"):
        await read_frame(reader(frame(b"12345")), 4)


def test_what_could_not_be_read_again_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_FRAME", 3)
    with pytest.raises(LinkError, match="longer than the link carries"):
        frame(b"1234")


async def test_a_reset_connection_is_an_end() -> None:
    stream = asyncio.StreamReader()
    stream.set_exception(ConnectionResetError())
    assert await read_frame(stream) is None
