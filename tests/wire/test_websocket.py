"""WebSocket: the handshake of RFC 6455, and a client's frames against wsproto as an independent writer."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode

from nfemu.wire.errors import WireError
from nfemu.wire.websocket import ClientFrames, accept_of, check_switch, is_key

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
"""With its answer from RFC 6455 section 1.3."""
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
SWITCH = {"connection": "keep-alive, Upgrade", "upgrade": "WebSocket", "sec-websocket-accept": ACCEPT}
MASK = bytes(4)


def test_the_answer_of_the_specification() -> None:
    assert accept_of(KEY).decode() == ACCEPT
    check_switch(KEY, SWITCH)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"connection": "close"}, "other than"),
        ({"upgrade": "h2c"}, "other than"),
        ({"upgrade": ""}, "other than"),
        ({"sec-websocket-accept": ""}, "without the answer"),
        ({"sec-websocket-accept": ACCEPT.lower()}, "without the answer"),
    ],
)
def test_another_answer_is_none(changed: dict[str, str], reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        check_switch(KEY, SWITCH | changed)
    if not next(iter(changed.values())):
        with pytest.raises(WireError, match=reason):
            check_switch(KEY, {name: value for name, value in SWITCH.items() if name not in changed})


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        (KEY, True),
        (b"x", False),
        (b"", False),
        (KEY[:-1], False),
        (b"dGhlIHNhbXBsZSBub25jZR==", False),  # the same octets in another spelling
        (b"dGhlIHNhbXBsZSBub25jZSE=", False),  # 17 octets
        (b"dGhlIHNhbXBsZSBub25jZQ\xff=", False),
    ],
)
def test_a_key_is_16_octets(value: bytes, valid: bool) -> None:
    assert is_key(value) is valid


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from((Opcode.TEXT, Opcode.BINARY)),
        st.lists(st.sampled_from((0, 1, 125, 126, 65_535, 65_536)), min_size=1, max_size=3),
        st.sampled_from((None, Opcode.PING, Opcode.PONG)),
    ),
    max_size=3,
)


def written(messages: list[tuple[Opcode, list[int], Opcode | None]]) -> bytes:
    """As wsproto writes them: each message in fragments of the given lengths, with a control frame between."""
    protocol = FrameProtocol(client=True, extensions=[])
    raw = b""
    for opcode, lengths, control in messages:
        for index, length in enumerate(lengths):
            kind = Opcode.CONTINUATION if index else opcode
            raw += protocol._serialize_frame(kind, os.urandom(length), index == len(lengths) - 1)
            if control is not None:
                raw += protocol._serialize_frame(control, b"c" * 125)
    return raw + protocol.close(CloseReason.NORMAL_CLOSURE, "bye")


@given(MESSAGES, st.integers(1, 70_000))
def test_what_another_implementation_writes_passes_in_any_pieces(
    messages: list[tuple[Opcode, list[int], Opcode | None]], size: int
) -> None:
    raw = written(messages)
    frames = ClientFrames()
    for start in range(0, len(raw), size):
        frames.receive(raw[start : start + size])
    with pytest.raises(WireError, match="behind the frame that closes"):
        frames.receive(b"\x81")


def frame(first: int, length: bytes, payload: bytes = b"") -> bytes:
    return bytes((first,)) + length + MASK + payload


GOOD = frame(0x01, b"\xfe\x00\x7e", b"x" * 126) + frame(0x89, b"\x80") + frame(0x80, b"\xff" + (1 << 16).to_bytes(8))


@pytest.mark.parametrize("at", range(len(GOOD) + 1))
def test_cut_anywhere_it_is_the_beginning_of_frames(at: int) -> None:
    frames = ClientFrames()
    frames.receive(GOOD[:at])
    frames.receive(GOOD[at:])
    frames.receive(b"GET / HTTP/1.1\r\n")  # within the last frame's payload


BAD = {
    "a request": (b"GET / HTTP/1.1\r\n\r\n", 1),
    "blank lines before a request": (b"\r\n\r\nGET /", 1),
    "a reserved bit": (frame(0xA1, b"\x80"), 1),
    "compression that nobody agreed on": (frame(0xC1, b"\x80"), 1),
    "a reserved opcode": (frame(0x83, b"\x80"), 1),
    "a reserved control opcode": (frame(0x8B, b"\x80"), 1),
    "a ping in fragments": (frame(0x09, b"\x80"), 1),
    "a ping of 126 octets": (frame(0x89, b"\xfe\x00\x7e"), 2),
    "a continuation of nothing": (frame(0x80, b"\x80"), 1),
    "no mask": (b"\x81\x02hi", 2),
    "126 for a short length": (frame(0x81, b"\xfe\x00\x7d"), 4),
    "127 for a short length": (frame(0x81, b"\xff" + (65_535).to_bytes(8)), 10),
    "a length of 64 bits": (frame(0x81, b"\xff\x80" + bytes(7)), 10),
}


@pytest.mark.parametrize("name", BAD)
def test_the_first_octet_that_cannot_be_is_an_error(name: str) -> None:
    raw, octets = BAD[name]
    frames = ClientFrames()
    frames.receive(raw[: octets - 1])
    with pytest.raises(WireError):
        frames.receive(raw[octets - 1 :])


def test_a_message_begins_when_the_one_before_has_ended() -> None:
    frames = ClientFrames()
    frames.receive(frame(0x01, b"\x80"))
    with pytest.raises(WireError, match="out of place"):
        frames.receive(frame(0x81, b"\x80"))


def test_compressed_messages_have_their_bit_once() -> None:
    frames = ClientFrames("x-other, Permessage-Deflate; client_no_context_takeover")
    frames.receive(frame(0x41, b"\x80"))
    with pytest.raises(WireError, match="reserved bit"):
        frames.receive(frame(0xC0, b"\x80"))


@given(st.binary(max_size=40))
def test_whatever_comes_it_is_frames_or_an_error_however_it_is_cut(raw: bytes) -> None:
    def verdict(pieces: list[bytes]) -> str:
        frames = ClientFrames()
        try:
            for piece in pieces:
                frames.receive(piece)
        except WireError as error:
            return str(error)
        return ""

    assert verdict([raw]) == verdict([raw[at : at + 1] for at in range(len(raw))])
