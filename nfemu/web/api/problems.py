"""Refusals as RFC 9457 problem documents: one shape for the carrier's errors, the framework's and the guard's."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from nfemu.model.errors import NfemuError
from nfemu.web.pages import status_of

TM_FORUM = "/tmf-api/"
MEDIA_TYPE = "application/problem+json"
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Names of RFC 9110 that Python knows only since 3.13."""


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """`title` is the status's own name; `detail` says what was wrong and what to do instead."""
    body = {"title": _TITLES.get(status) or HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def refusal(path: str, status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """In the words of whose path it is: a problem document, or TM Forum's Error (TMF630), where what is wrong in itself
    is 400."""
    if not path.startswith(TM_FORUM):
        return problem(status, detail, headers)
    status = 400 if status == 422 else status
    reason = _TITLES.get(status) or HTTPStatus(status).phrase
    body = {"code": str(status), "reason": reason, "message": detail, "status": str(status)}
    return JSONResponse(body, status, headers)


def install(app: FastAPI) -> None:
    """Answer every refusal of `app` with a problem document."""

    @app.exception_handler(NfemuError)
    async def refused(request: Request, error: NfemuError) -> JSONResponse:
        return refusal(request.url.path, status_of(error), str(error))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        return refusal(request.url.path, 422, "; ".join(_mistake(mistake) for mistake in error.errors()))

    @app.exception_handler(HTTPException)
    async def unrouted(request: Request, error: HTTPException) -> JSONResponse:
        texts = {
            404: f"there is nothing at `{request.url.path}`; /api/v1/openapi.json lists what there is",
            405: f"`{request.method}` is not possible at `{request.url.path}`; /api/v1/openapi.json says what is",
        }
        headers = dict(error.headers or {})
        return refusal(request.url.path, error.status_code, texts.get(error.status_code, str(error.detail)), headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, _error: Exception) -> JSONResponse:
        return refusal(request.url.path, 500, "internal error; the log in the state folder has the details")


def _mistake(mistake: dict[str, object]) -> str:
    """`body.amount: field required`."""
    place = mistake.get("loc", ())
    where = ".".join(str(part) for part in place) if isinstance(place, tuple) else ""
    if mistake.get("type") == "json_invalid":
        return f"`{where}`: the body is not JSON from this character on; send one JSON object"
    text = str(mistake.get("msg", ""))
    return f"`{where}`: {text[:1].lower()}{text[1:]}"
