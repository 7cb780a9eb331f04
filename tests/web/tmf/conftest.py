"""The API's small carrier, asked in TM Forum's words."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.web.api.browser import Answer, ask
from tests.web.api.conftest import TOKEN, Api, api

__all__ = ["api"]


@dataclass(frozen=True, slots=True)
class TmForum:
    api: Api

    async def __call__(self, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        """A request under `/tmf-api` with the token."""
        headers = [("Host", "127.0.0.1:8600"), ("Authorization", f"Bearer {TOKEN}")]
        headers += [("Idempotency-Key", key)] if key is not None else []
        if body is None:
            return await ask(self.api.app, method, f"/tmf-api{path}", headers)
        headers.append(("Content-Type", "application/json"))
        return await ask(self.api.app, method, f"/tmf-api{path}", headers, json.dumps(body).encode())


@pytest.fixture
def tm_forum(api: Api) -> TmForum:
    return TmForum(api)
