"""The signature debugger at work: what was not believed, or what somebody shows, looked into with everybody's keys."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from nfemu.model.errors import NotFound
from nfemu.web.wechat.merchants import Merchants
from nfemu.web.wechat.refusals import Kept, Refusals
from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.debugging.deliveries import Delivery, DeliveryDiagnosis, Keys, diagnose_delivery
from nfemu.wechat.debugging.pasted import read
from nfemu.wechat.debugging.requests import Diagnosis, diagnose
from nfemu.wechat.errors import Refused


@dataclass(frozen=True, slots=True)
class Case:
    """What was looked into; `kept` None: it was shown, and the provider has not met it."""

    what: SignedRequest | Delivery
    diagnosis: Diagnosis | DeliveryDiagnosis
    kept: Kept | None = None


class Debugger:
    """`wall` is aware wall time."""

    def __init__(self, merchants: Merchants, refusals: Refusals, wall: Callable[[], datetime]) -> None:
        self.refusals = refusals
        self._merchants = merchants
        self._wall = wall

    async def look_into(self, identifier: str = "", mchid: str = "", given: bytes | None = None) -> Case:
        """One that is kept; empty: the newest, of that merchant if it is named. `given`: the string that the merchant
        says that it has signed or checked. Raises NotFound."""
        newest = self.refusals.newest(mchid, 1)
        if not identifier and not newest:
            raise NotFound("nothing was refused since the carrier has started; show a request with --request")
        kept = self.refusals.named(identifier) if identifier else newest[0]
        return await asyncio.to_thread(self._case, kept.what, kept.at, kept.mchid, given, kept)

    async def examine(self, text: bytes, body: bytes | None, mchid: str, given: bytes | None = None) -> Case:
        """One that somebody has written down; see `pasted.read`. It is judged as if it had just been signed. Raises
        InvalidInput."""
        what = read(text, body)
        return await asyncio.to_thread(self._case, what, self._signed_at(what), mchid, given)

    def _case(
        self, what: SignedRequest | Delivery, at: datetime, mchid: str, given: bytes | None, kept: Kept | None = None
    ) -> Case:
        if isinstance(what, Delivery):
            return Case(what, diagnose_delivery(what, mchid, self._keys(), at, given), kept)
        replayed = kept is not None and kept.replayed
        return Case(what, diagnose(what, self._merchants.all(), at, lambda _: replayed, given), kept)

    def _keys(self) -> Keys:
        platform = self._merchants.platform
        return Keys(
            {key.serial: key.private.public_key() for key in (platform.bare, platform.certified)},
            {merchant.mchid: merchant.api_v3_key for merchant in self._merchants.all()},
        )

    def _signed_at(self, what: SignedRequest | Delivery) -> datetime:
        """As it says itself, where that is a time at all."""
        try:
            return datetime.fromtimestamp(int(_timestamp(what)), UTC)
        except (ValueError, OverflowError, OSError):
            return self._wall()


def _timestamp(what: SignedRequest | Delivery) -> str:
    if isinstance(what, Delivery):
        return what.header("timestamp")
    try:
        return Authorization.parse(what.headers.get("authorization")).timestamp
    except Refused:
        return ""
