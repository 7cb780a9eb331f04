"""How TM Forum's APIs are offered and answered (TMF630): attribute selection, pages, and what is counted in headers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from nfemu.model.errors import InvalidInput
from nfemu.web.api.document import Responses
from nfemu.web.tmf.models import Resource

Operation = tuple[str, str, Callable[..., Awaitable[Response]], str, int, Any]
"""Method, path, what answers it, its name in the document, the status of success, and what comes with it."""
_ALWAYS = {"id", "href"}
_NONE = "none"
"""Of `fields`: no attribute but those."""


def offer(router: APIRouter, *operations: Operation) -> APIRouter:
    for method, path, endpoint, name, status, model in operations:
        answer: Responses = {status: {"model": model, "description": "Done."}} if model is not None else {}
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            operation_id=name,
            name=name,
            status_code=status,
            response_model=None,
            responses=answer,
        )
    return router


def one(resource: Resource, fields: str | None = None, status: int = 200) -> Response:
    """Raises InvalidInput for attributes that it has not."""
    return JSONResponse(_chosen(resource, fields), status)


def page(resources: Sequence[Resource], total: int, fields: str | None) -> Response:
    """`total`: how many there are in all. Raises as `one`."""
    headers = {"X-Total-Count": str(total), "X-Result-Count": str(len(resources))}
    return JSONResponse([_chosen(each, fields) for each in resources], headers=headers)


def _chosen(resource: Resource, fields: str | None) -> dict[str, Any]:
    shown = {name: _plain(resource, name) for name in type(resource).model_fields}
    if fields is None:
        return shown
    wanted = {name.strip() for name in fields.split(",")} if fields != _NONE else set()
    unknown = sorted(wanted - set(shown))
    if unknown:
        raise InvalidInput(f"`fields` names `{unknown[0]}`; there are {', '.join(sorted(shown))}")
    return {name: value for name, value in shown.items() if name in wanted | _ALWAYS}


def _plain(resource: Resource, name: str) -> Any:
    """Null stands for an attribute without a value; inside of one, what has none is left out."""
    empty = getattr(resource, name) is None
    return resource.model_dump(mode="json", include={name}, exclude_none=not empty)[name]
