"""Who may talk to the API at all."""

import pytest

from tests.web.api.browser import ask
from tests.web.api.conftest import TOKEN, Api

RIGHT = ("Authorization", f"Bearer {TOKEN}")
HERE = ("Host", "127.0.0.1:8600")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([HERE, RIGHT], 200),
        ([("Host", "localhost"), RIGHT], 200),
        ([("Host", "[::1]:8600"), RIGHT], 200),
        ([("Host", "emulator.example:8600"), RIGHT], 200),
        ([HERE, RIGHT, ("Origin", "http://localhost:8600")], 200),
        ([HERE], 401),
        ([HERE, ("Authorization", "Bearer wrong")], 401),
        ([HERE, ("Authorization", TOKEN)], 401),
        ([HERE, ("Authorization", f"Bearer {TOKEN} ")], 401),
        ([HERE, ("Authorization", "Bearer \xff")], 401),
        ([RIGHT], 421),
        ([HERE, HERE, RIGHT], 421),
        ([("Host", "rebound.example"), RIGHT], 421),
        ([("Host", "127.0.0.1.rebound.example"), RIGHT], 421),
        ([("Host", "[::1"), RIGHT], 421),
        ([("Host", ""), RIGHT], 421),
        ([HERE, RIGHT, ("Origin", "http://evil.example")], 403),
        ([HERE, RIGHT, ("Origin", "null")], 403),
    ],
)
async def test_who_is_let_in(api: Api, headers: list[tuple[str, str]], status: int) -> None:
    answer = await ask(api.app, "GET", "/api/v1/clock", headers)
    assert answer.status == status
    assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_health_needs_no_token_but_the_right_host(api: Api) -> None:
    assert (await ask(api.app, "GET", "/healthz", [HERE])).json() == {"status": "ok"}
    assert (await ask(api.app, "GET", "/healthz", [("Host", "evil.example")])).status == 421


async def test_the_document_needs_the_token_and_names_every_operation(api: Api) -> None:
    assert (await ask(api.app, "GET", "/api/v1/openapi.json", [HERE])).status == 401
    document = (await api("GET", "/openapi.json")).json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = {operation["operationId"] for operation in operations}
    assert len(names) == len(operations) == 21
    assert {"listSubscribers", "chargeSubscriber", "explainDestination", "advanceClock", "getHealth"} <= names
    assert (await ask(api.app, "GET", "/docs", [HERE, RIGHT])).status == 404


async def test_websockets_are_refused_and_the_life_of_the_application_passes(api: Api) -> None:
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup" if not sent else "lifespan.shutdown"}

    async def send(message: dict[str, object]) -> None:
        sent.append(str(message["type"]))

    await api.app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)  # type: ignore[arg-type]  # plain dictionaries are messages
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
