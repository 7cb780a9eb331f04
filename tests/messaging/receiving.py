"""An independent receiver: smpplib, which blocks, in a thread."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Self

import smpplib.client
import smpplib.exceptions

from tests.fakes.messages import joined


@dataclass
class Phone:
    """A receiver that has connected. `got`: the deliver_sm PDUs that it has read; it acknowledges each."""

    client: Any
    got: list[Any] = field(default_factory=list)

    @classmethod
    async def connected(cls, address: tuple[str, int]) -> Self:
        client = smpplib.client.Client(*address, timeout=20, allow_unknown_opt_params=True)
        phone = cls(client)
        client.set_message_received_handler(phone.take)
        try:
            await asyncio.to_thread(client.connect)
        except smpplib.exceptions.ConnectionError:
            client._socket.close()
            raise
        return phone

    @classmethod
    async def bound(cls, address: tuple[str, int], password: str, system_id: str = "nfemu") -> Self:
        """Raises smpplib's PDUError where it is refused."""
        phone = await cls.connected(address)
        try:
            await asyncio.to_thread(phone.client.bind_receiver, system_id=system_id, password=password)
        except smpplib.exceptions.PDUError:
            phone.client.disconnect()
            raise
        return phone

    def take(self, pdu: Any) -> None:
        self.got.append(pdu)

    async def read(self, count: int = 1) -> None:
        """So many PDUs, each answered as smpplib does."""
        for _ in range(count):
            await asyncio.to_thread(self.client.read_once)

    def texts(self) -> dict[str, str]:
        """What it has received, by the message's id: parts joined, the same part counted once."""
        parts: dict[str, dict[bytes, None]] = {}
        for pdu in self.got:
            parts.setdefault(pdu.receipted_message_id.decode(), {})[pdu.short_message] = None
        return {name: joined(list(found)) for name, found in parts.items()}

    async def unbind(self) -> None:
        await asyncio.to_thread(self.client.unbind)
        self.client.disconnect()
