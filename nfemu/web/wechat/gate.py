"""Who may ask: a merchant that signed this very request, just now, and has not sent it before."""

from collections.abc import Callable
from datetime import datetime

from nfemu.web.nonces import Nonces
from nfemu.web.wechat.merchants import Merchant, Merchants
from nfemu.web.wechat.refusals import Refusals
from nfemu.wechat.admission import SignedRequest, checks
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.errors import Refused
from nfemu.wechat.signing import FRESHNESS


class Gate:
    """`wall` is aware wall time."""

    def __init__(self, merchants: Merchants, wall: Callable[[], datetime], refusals: Refusals) -> None:
        """`refusals` keeps whom it turned away, for the signature debugger."""
        self._merchants = merchants
        self._wall = wall
        self._refusals = refusals
        self._nonces = Nonces(wall, FRESHNESS)

    def admit(self, request: SignedRequest) -> Merchant:
        """Raises Refused."""
        wall = self._wall()
        try:
            return self._admitted(request, wall)
        except Refused as refusal:
            self._refusals.keep_request(request, refusal, wall)
            raise

    def _admitted(self, request: SignedRequest, wall: datetime) -> Merchant:
        signed = Authorization.parse(request.headers.get("authorization"))
        merchant = self._merchants.find(signed.mchid)
        for check in checks(request, signed, merchant, wall, self._is_replay):
            if check.refusal is not None:
                raise check.refusal
        return self._merchants.named(signed.mchid)

    def _is_replay(self, signed: Authorization) -> bool:
        return self._nonces.is_replay(f"{signed.mchid} {signed.nonce}", int(signed.timestamp))
