"""What a phone says first: a ClientHello, or something else."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from nfemu.gateway.bearer.gate.side import Side
from nfemu.gateway.engine.server_name import name_in
from nfemu.wire.errors import WireError
from nfemu.wire.tls_hello import HelloReader

MAX_HELLO = 16 * 1024
"""Octets. Browsers with post-quantum keys send about 2 KiB."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """`octets`: all that has come. `is_tls`: they are a ClientHello; `name`: that it asks for, None where it asks for
    none, or for what is no DNS name.
    """

    octets: bytes
    is_tls: bool = False
    name: str | None = None


async def read_greeting(phone: Side, patience_s: float) -> Greeting:
    """What is no ClientHello by now, or after `patience_s` seconds, is none. Raises OSError."""
    reader, octets = HelloReader(MAX_HELLO), bytearray()
    with suppress(WireError, TimeoutError):
        async with asyncio.timeout(patience_s):
            while data := await phone.receive(MAX_HELLO):
                octets += data
                hello = reader.receive(data)
                if hello is not None:
                    return Greeting(bytes(octets), True, name_in(hello))
    return Greeting(bytes(octets))
