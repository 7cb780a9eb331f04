"""Who pays: whoever holds the phone. The provider knows phones by their addresses alone; the carrier knows more."""

from collections.abc import Mapping
from typing import Protocol

from nfemu.model.destination import IpAddress
from nfemu.wechat.trade import Trade


class Payers(Protocol):
    """The carrier's side of it."""

    def payer_at(self, address: IpAddress) -> str:
        """The same for one line, whichever of its addresses it comes from."""

    async def confirm(self, address: IpAddress, trade: Trade, texts: Mapping[str, str]) -> None:
        """The provider's own message that `trade` was paid from there, by language (G13). Never raises: it is paid."""
