"""How operations are declared, and the OpenAPI document of them, with what the framework cannot know: the guard's
token, and how refusals are sent.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from fastapi import APIRouter, FastAPI

from nfemu.web.api.models import Problem
from nfemu.web.api.problems import MEDIA_TYPE, TM_FORUM

Responses = dict[int | str, dict[str, Any]]
Operation = tuple[str, str, Callable[..., Awaitable[Any]], str]
"""Method, path, what answers it and says in its docstring what it does, and the name in the document."""

_TEXTS = {
    400: "The request is wrong in itself.",
    401: "Token missing or wrong.",
    403: "A web page from elsewhere asks.",
    404: "No such subscriber, state, order or webhook.",
    409: "Contradicts the present state.",
    413: "The body is too large.",
    421: "`Host` is not a name of the API.",
    422: "The request is wrong in itself.",
    429: "Wrong tokens too often; `Retry-After` says for how long.",
    503: "A part is missing or late; nothing was done.",
}

OF_EVERYBODY = (401, 403, 413, 421, 429)
"""What the guard refuses with, whatever is asked for."""


def refusals(*statuses: int) -> Responses:
    """For a route or router: that it refuses with these, and what each means. Without a model: the framework would make
    one of each, for each route, which was most of what an application took to start.
    """
    return {status: {"description": _TEXTS[status]} for status in statuses}


def declare(router: APIRouter, *operations: Operation) -> APIRouter:
    """The router with these on it. Where a path names a line, there may be none of that number."""
    for method, path, endpoint, name in operations:
        known = refusals(404) if "{number}" in f"{router.prefix}{path}" else {}
        router.add_api_route(path, endpoint, methods=[method], operation_id=name, name=name, responses=known)
    return router


class Api(FastAPI):
    """An application whose document can be used by programs as it is."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            text = "The text of `api.token` in the state folder."
            document["components"]["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "description": text}
            }
            document["security"] = [{"token": []}]
            schemas = {**document["components"]["schemas"], Problem.__name__: Problem.model_json_schema()}
            document["components"]["schemas"] = dict(sorted(schemas.items()))
            refused: dict[str, Any] = {}
            document["components"]["responses"] = refused
            for path, methods in document["paths"].items():
                share = _shared_by_tm_forum if path.startswith(TM_FORUM) else _shared
                for operation in methods.values():
                    operation["responses"] = dict(share(operation["responses"], refused))
        assert self.openapi_schema is not None  # noqa: S101 - the framework keeps what it made
        return self.openapi_schema


def _shared(responses: dict[str, Any], refused: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The same with each refusal once in `refused`, as it is sent, and a reference to it here; by status."""
    for status, response in sorted(responses.items()):
        if int(status) < 400:
            yield status, response
        else:
            name = f"Refused{status}"
            content = {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}
            refused[name] = {"description": response["description"], "content": {MEDIA_TYPE: content}}
            yield status, {"$ref": f"#/components/responses/{name}"}


def _shared_by_tm_forum(responses: dict[str, Any], refused: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The same in TM Forum's shape, where 400 stands for 422."""
    for status, response in sorted(responses.items()):
        if int(status) < 400:
            yield status, response
        elif status != "422":
            name = f"TmForum{status}"
            content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
            refused[name] = {"description": response["description"], "content": content}
            yield status, {"$ref": f"#/components/responses/{name}"}
