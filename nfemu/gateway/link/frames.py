"""Frames of the link: four octets of length, big-endian, then one JSON message."""

import asyncio
import struct

from nfemu.gateway.link.messages import LinkError

_HEAD = struct.Struct("!I")
MAX_HELLO = 4096
"""Octets that an unproven peer may send."""
MAX_FRAME = 64 * 1024 * 1024
"""Octets of a proven peer's message; rules with several 100,000 host patterns fit."""


def frame(message: bytes) -> bytes:
    """The message with its length in front. Raises LinkError when it is too long to be read again."""
    if len(message) > MAX_FRAME:
        raise LinkError(f"message of {len(message)} octets is longer than the link carries ({MAX_FRAME})")
    return _HEAD.pack(len(message)) + message


async def read_frame(reader: asyncio.StreamReader, limit: int = MAX_FRAME) -> bytes | None:
    """The next message, None at the end of the stream. Raises LinkError when one is cut short or too long."""
    try:
        head = await reader.readexactly(_HEAD.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise LinkError("frame cut short") from error
        return None
    except OSError:
        return None
    (length,) = _HEAD.unpack(head)
    if length > limit:
        raise LinkError(f"frame of {length} octets where at most {limit} are allowed")
    try:
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError) as error:
        raise LinkError("frame cut short") from error
