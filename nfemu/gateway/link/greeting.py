"""The first message of a connection to the link: who cannot prove the token and the version hears nothing else."""

import asyncio
import hmac

from nfemu.gateway.link.frames import MAX_HELLO, read_frame
from nfemu.gateway.link.messages import VERSION, Hello, LinkError, load_point

_WITHIN_S = 5.0
"""Seconds that a new connection has to prove itself."""


async def believed(reader: asyncio.StreamReader, token: str) -> Hello:
    """The first message, if it proves the token and speaks our version. Raises LinkError with what the other end is to
    be told."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            data = await read_frame(reader, MAX_HELLO)
    except TimeoutError as error:
        raise LinkError("no hello in time") from error
    hello = load_point(data) if data is not None else None
    if not isinstance(hello, Hello):
        raise LinkError("the first message is not a hello")
    if not hmac.compare_digest(hello.token.encode(), token.encode()):
        raise LinkError("wrong token; give the one in `link.token` of the state folder")
    if hello.version != VERSION:
        raise LinkError(f"link version {hello.version} is not {VERSION}; install the same nfemu on both sides")
    return hello
