"""The signature debugger as pages, `/pay/debug`: what was refused, one of it looked into, and a form for what people
have written down. No JavaScript."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nfemu.web.api.backend import ApiBackend
from nfemu.web.api.payments import HOME
from nfemu.web.api.roof import Roof
from nfemu.web.wechat.debug_texts import sentences
from nfemu.web.wechat.debugger import Case, Debugger
from nfemu.web.wechat.findings import finding
from nfemu.web.wechat.refusals import Kept
from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.debugging.differences import visible, visible_line

_LIST = f"{HOME}/debug"
_SHOWN = 100


class DebugPages:
    def __init__(self, backend: ApiBackend, roof: Roof) -> None:
        self._backend = backend
        self._roof = roof

    def routes(self) -> Sequence[BaseRoute]:
        behind = self._roof.behind
        return (
            Route(_LIST, behind(self._list, _LIST), methods=["GET"]),
            Route(_LIST, behind(self._examine, _LIST), methods=["POST"]),
            Route(f"{_LIST}/{{identifier}}", behind(self._look, _LIST), methods=["GET"]),
            Route(f"{_LIST}/{{identifier}}", behind(self._compare, _LIST), methods=["POST"]),
        )

    @property
    def _debugger(self) -> Debugger:
        return self._backend.debugger()

    async def _list(self, request: Request) -> Response:
        shown = [self._kept(kept) for kept in self._debugger.refusals.newest(limit=_SHOWN)]
        return self._roof.render_forms("refused.html", request, refused=shown)

    async def _look(self, request: Request) -> Response:
        return self._case(request, await self._debugger.look_into(request.path_params["identifier"]))

    async def _compare(self, request: Request) -> Response:
        """The string that somebody has signed, beside the right one."""
        form = await self._roof.form(request)
        identifier = request.path_params["identifier"]
        return self._case(request, await self._debugger.look_into(identifier, given=_typed(form, "signed")))

    async def _examine(self, request: Request) -> Response:
        form = await self._roof.form(request)
        text, given = _typed(form, "request") or b"", _typed(form, "signed")
        return self._case(request, await self._debugger.examine(text, None, "", given))

    def _case(self, request: Request, case: Case) -> Response:
        found = finding(case)
        sealing = found.sealing
        return self._roof.render_forms(
            "debug.html",
            request,
            kept=None if case.kept is None else self._kept(case.kept),
            what=_line(case),
            headers=[(name, visible_line(value)) for name, value in case.what.headers.items()],
            body=visible(case.what.body),
            found=found,
            sentences=sentences(found.sentences, self._roof.language(request)),
            visible=visible,
            plain="" if sealing is None or sealing.plain is None else visible(sealing.plain),
        )

    def _kept(self, kept: Kept) -> dict[str, str]:
        return {
            "id": kept.id,
            "path": f"{_LIST}/{kept.id}",
            "kind": "request" if isinstance(kept.what, SignedRequest) else "delivery",
            "mchid": kept.mchid,
            "at": kept.at.astimezone(self._roof.config.timezone).strftime("%Y-%m-%d %H:%M:%S"),
            "about": visible_line(kept.about),
            "code": kept.code,
            "why": visible_line(kept.why),
        }


def _line(case: Case) -> str:
    if isinstance(case.what, SignedRequest):
        return visible_line(f"{case.what.method} {case.what.target}")
    return "" if case.kept is None else visible_line(case.kept.about)


def _typed(form: dict[str, str], name: str) -> bytes | None:
    """What stands in a field of several lines, which browsers send with CR LF; None: nothing."""
    return form.get(name, "").replace("\r\n", "\n").encode() or None
