"""`/api/v1/pay/debug`: why a signature of the emulated WeChat Pay was not believed."""

import base64
from collections.abc import Sequence

from fastapi import APIRouter

from nfemu.web.api.backend import ApiBackend, ApiConfig
from nfemu.web.api.debug_models import (
    CheckOut,
    DebugIn,
    DebugOut,
    PieceOut,
    RefusedListOut,
    RefusedOut,
    SealedOut,
    StringOut,
)
from nfemu.web.api.document import declare, refusals
from nfemu.web.wechat.debug_texts import sentences
from nfemu.web.wechat.debugger import Case, Debugger
from nfemu.web.wechat.findings import Finding, finding
from nfemu.web.wechat.refusals import KEPT, Kept
from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.debugging.differences import Piece, visible, visible_line
from nfemu.wechat.debugging.sealed import Sealing


class DebugRoutes:
    def __init__(self, config: ApiConfig, backend: ApiBackend) -> None:
        self._config = config
        self._backend = backend

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/pay", tags=["pay"], responses=refusals(404)),
            ("GET", "/refused", self._refused, "listRefusedSignatures"),
            ("POST", "/debug", self._debug, "debugSignature"),
        )

    @property
    def _debugger(self) -> Debugger:
        return self._backend.debugger()

    async def _refused(self, mchid: str = "", limit: int = KEPT) -> RefusedListOut:
        """Requests that were refused for their signature, and deliveries that a merchant did not accept; the newest of
        each merchant are kept while the carrier runs."""
        return RefusedListOut(refused=[self._kept(kept) for kept in self._debugger.refusals.newest(mchid, limit)])

    async def _debug(self, what: DebugIn) -> DebugOut:
        """Every check, the string that should have been signed, and what was signed instead, differences marked."""
        if what.request is None:
            case = await self._debugger.look_into(what.id, what.mchid, what.signed)
        else:
            case = await self._debugger.examine(what.request, what.body, what.mchid, what.signed)
        return self._case(case, finding(case))

    def _case(self, case: Case, found: Finding) -> DebugOut:
        asked = case.what if isinstance(case.what, SignedRequest) else None
        kept, comparison = case.kept, found.comparison
        return DebugOut(
            refused=None if kept is None else self._kept(kept),
            kind="delivery" if asked is None else "request",
            method="" if asked is None else asked.method,
            target=visible_line(("" if kept is None else kept.about) if asked is None else asked.target),
            headers={name: visible_line(value) for name, value in case.what.headers.items()},
            checks=[CheckOut(name=name, holds=holds) for name, holds in found.checks],
            expected=_string(found.expected, comparison.left),
            other=_string(found.other, comparison.right),
            other_is=None if found.other is None else "given" if found.is_given else "found",
            first_difference=comparison.first,
            mistakes=[mistake.value for mistake in found.mistakes],
            says=sentences(found.sentences, "en"),
            sealed=_sealed(found.sealing),
        )

    def _kept(self, kept: Kept) -> RefusedOut:
        return RefusedOut(
            id=kept.id,
            kind="request" if isinstance(kept.what, SignedRequest) else "delivery",
            mchid=kept.mchid,
            at=kept.at.astimezone(self._config.timezone),
            about=visible_line(kept.about),
            code=kept.code,
            why=visible_line(kept.why),
        )


def _string(octets: bytes | None, pieces: Sequence[Piece]) -> StringOut | None:
    if octets is None:
        return None
    shown = [PieceOut(text=visible(piece.octets), differs=piece.differs) for piece in pieces]
    return StringOut(octets=base64.b64encode(octets).decode(), pieces=shown)


def _sealed(sealing: Sealing | None) -> SealedOut | None:
    if sealing is None:
        return None
    return SealedOut(
        fault=None if sealing.fault is None else sealing.fault.value,
        fields=dict(sealing.fields),
        plain=None if sealing.plain is None else visible(sealing.plain),
    )
