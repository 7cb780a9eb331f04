"""What was not believed lately: requests that the provider refused, deliveries that a merchant did not accept.

In memory, the newest of each merchant, for the signature debugger. Of the headers only those that say something about
signatures are kept; a credential of another kind, sent here by mistake, is not.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from nfemu.model.errors import NotFound
from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.debugging.deliveries import Delivery
from nfemu.wechat.errors import Refused
from nfemu.wechat.signing import ALGORITHM

KEPT = 50
"""Of each merchant, and of everybody who is none."""
_HEADERS = ("authorization", "host", "content-type", "content-length", "accept", "user-agent")


@dataclass(frozen=True, slots=True)
class Kept:
    """`mchid` empty: nobody knows whose it is. `at` is aware wall time. `about`: method and target of a request; where
    a delivery went. `code`: what a request was answered; of a delivery the merchant's HTTP status. `why`: the words."""

    id: str
    mchid: str
    at: datetime
    what: SignedRequest | Delivery
    about: str
    code: str
    why: str
    replayed: bool = False


class Refusals:
    """`is_merchant`: whether somebody has that number."""

    def __init__(self, is_merchant: Callable[[str], bool]) -> None:
        self._is_merchant = is_merchant
        self._kept: defaultdict[str, deque[Kept]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._last = 0

    def keep_request(self, request: SignedRequest, refusal: Refused, at: datetime) -> None:
        """One that was refused for its signature, or before."""
        self._keep(
            Kept(
                self._next(),
                self._claimed(request),
                at,
                replace(request, headers=_shown(request.headers)),
                f"{request.method} {request.target}",
                refusal.code,
                str(refusal),
                replayed=(refusal.detail or {}).get("field") == "nonce_str",
            )
        )

    def keep_delivery(self, mchid: str, delivery: Delivery, url: str, status: int, answer: str, at: datetime) -> None:
        """One that the merchant did not accept."""
        lower = {name.lower(): value for name, value in delivery.headers.items()}
        what = Delivery(lower, delivery.body)
        self._keep(Kept(self._next(), mchid, at, what, url, str(status or "-"), answer))

    def newest(self, mchid: str = "", limit: int = KEPT) -> list[Kept]:
        """Newest first; `mchid` empty: of everybody."""
        found = self._kept.get(mchid, ()) if mchid else self._all()
        return sorted(found, key=lambda kept: int(kept.id), reverse=True)[:limit]

    def named(self, identifier: str) -> Kept:
        """Raises NotFound."""
        found = next((kept for kept in self._all() if kept.id == identifier), None)
        if found is None:
            raise NotFound(f"nothing refused is kept as `{identifier}`; `nfemu pay debug --list` shows what is")
        return found

    def _all(self) -> Iterator[Kept]:
        return chain.from_iterable(self._kept.values())

    def _keep(self, kept: Kept) -> None:
        self._kept[kept.mchid].append(kept)

    def _next(self) -> str:
        self._last += 1
        return str(self._last)

    def _claimed(self, request: SignedRequest) -> str:
        try:
            mchid = Authorization.parse(request.headers.get("authorization")).mchid
        except Refused:
            return ""
        return mchid if self._is_merchant(mchid) else ""


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: headers[name] for name in _HEADERS if name in headers}
    scheme, _, credential = kept.get("authorization", "").partition(" ")
    if credential and scheme != ALGORITHM:
        kept["authorization"] = f"{scheme} …"
    return kept
