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
    assert len(names) == len(operations) == 78
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


async def test_whoever_guesses_tokens_waits_and_the_right_token_never_does(api: Api) -> None:
    wrong = [HERE, ("Authorization", "Bearer guess")]
    answers = [await ask(api.app, "GET", "/api/v1/clock", wrong) for _ in range(31)]
    assert [answer.status for answer in answers] == [401] * 30 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].json()["detail"].startswith("too many wrong attempts; try again in ")
    assert (await ask(api.app, "GET", "/api/v1/clock", [HERE, RIGHT])).status == 200


async def test_whoever_guesses_links_waits_and_the_right_link_opens(api: Api) -> None:
    link = (await api("POST", "/login-links", {"number": None})).json()["path"]
    answers = [await ask(api.app, "GET", "/login?token=guess", [HERE]) for _ in range(31)]
    assert [answer.status for answer in answers] == [403] * 30 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert (await ask(api.app, "GET", link, [HERE])).status == 200


async def test_a_body_has_a_limit(api: Api) -> None:
    path = "/subscribers/13800138000/charges"
    fits = await api("POST", path, {"amount": "1", "note": "x" * 60_000})
    assert (fits.status, "`body.note`" in fits.json()["detail"]) == (422, True)
    refused = await api("POST", path, {"amount": "1", "note": "x" * 70_000})
    assert (refused.status, refused.json()["title"]) == (413, "Content Too Large")


@pytest.mark.parametrize("path", ["/api/v1/clock", "/healthz", "/inbox", "/login", "/static/style.css", "/nothing"])
@pytest.mark.parametrize("headers", [[HERE, RIGHT], [HERE], []])
async def test_every_answer_is_locked_down(api: Api, path: str, headers: list[tuple[str, str]]) -> None:
    answer = await ask(api.app, "GET", path, headers)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == (
        "max-age=3600" if (answer.status, path[-4:]) == (200, ".css") else "no-store"
    )
