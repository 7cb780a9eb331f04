"""The runner against a proxy that makes every mistake: what is right there is called so, and what is wrong too.

That a careful proxy comes out without a fault is the journey's to show (tests/journeys/test_attack.py).
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from nfemu.attack.expectations import untouched
from nfemu.attack.origin import RecordingOrigin
from nfemu.attack.plan import FORGED, Place, Plan
from nfemu.attack.report import Score, document, head, left_out, matrix, wrongs
from nfemu.attack.runner import Runner, families
from nfemu.attack.spoofing import SPOOFING
from nfemu.attack.values import Case, Form, Identity, Line, Observation, Result, Send, Verdict
from nfemu.model.errors import InvalidInput, Unavailable
from tests.attack.careless import CarelessProxy

pytestmark = pytest.mark.asyncio(loop_scope="module")

VALUE = "8613800138000"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def careless() -> AsyncIterator[Runner]:
    trusted, other = RecordingOrigin("trusted"), RecordingOrigin("other")
    await trusted.start()
    await other.start()
    proxy = CarelessProxy("portal.test", VALUE, trusted.port, other.port)
    await proxy.start()
    places = Place.read("portal.test"), Place.read("news.test")
    entries = {Form.PROXY: ("127.0.0.1", proxy.port)}
    plan = Plan(entries, Identity("X-MSISDN", VALUE, FORGED), *places, (Line.OPEN,), None, trusted.port)
    yield Runner(plan, trusted, other)
    for each in (proxy, trusted, other):
        await each.stop()


def case(runner: Runner, name: str) -> Case:
    return next(each for family in families(runner.plan) for each in family.cases if each.name == name)


async def verdict(runner: Runner, name: str, line: Line = Line.OPEN) -> str | None:
    played = case(runner, name)
    return played.expected(line).complaint(await runner.play(played, Form.PROXY, line))


@pytest.mark.parametrize(
    "name",
    [
        "nothing forged",
        "chunk extensions",
        "chunked in capitals",
        "a request as a body of known length",
        "line breaks in the target, encoded",
    ],
)
async def test_what_even_a_careless_proxy_does_right(careless: Runner, name: str) -> None:
    assert await verdict(careless, name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("the header itself", "a forged number reached the trusted origin"),
        ("underscores", "a forged number reached the trusted origin"),
        ("in a trailer", "a forged number reached the trusted origin"),
        ("second pipelined request", "a forged number"),
        ("blank before the colon", "octets reached the trusted origin"),
        ("Content-Length and Transfer-Encoding", "octets reached the trusted origin"),
        ("two different Hosts, the other first", "somebody else"),
        ("Content-Length with a plus", "octets reached the trusted origin"),
        ("an upgrade to h2c", "answered 101"),
        ("a WebSocket without a key, then a request", "a forged number reached the trusted origin"),
        ("a WebSocket that the origin accepts without proof, then a request", "a forged number"),
        ("a forbidden request behind an allowed one", "2 requests at the trusted origin"),
    ],
)
async def test_what_it_does_wrong(careless: Runner, name: str, said: str) -> None:
    assert said in (await verdict(careless, name) or "nothing")


async def test_bytes_that_leave_a_restricted_line(careless: Runner) -> None:
    name = "to a destination that is not trusted"
    assert "somebody else" in (await verdict(careless, name, Line.RESTRICTED) or "")


async def test_results_and_their_score(careless: Runner) -> None:
    results = [result async for result in careless.run([SPOOFING])]
    score = Score.of(results)
    assert len(results) == len(SPOOFING.cases) * len(Form) == score.right + score.wrong + score.left_out
    assert score.right >= 1
    assert score.wrong > 20
    assert 20 < score.harmful <= score.wrong
    assert len(wrongs(results)) == score.wrong
    assert {each.got for each in results if each.form == "socks"} <= {
        "the proxy has no such form, or none was given",
        "another form's case",
    }
    assert [row[5:] for row in matrix(results) if row[1] == "nothing forged"] == [("-",) * 4]
    assert {len(row) for row in matrix(results)} == {len(head())}
    assert "spoofing: two numbers as proxy user name: the proxy takes no user names" in left_out(results)
    shown = document("careless", results)
    assert shown["score"] == {
        "right": score.right, "wrong": score.wrong, "harmful": score.harmful, "left_out": score.left_out,
        "untouched": 0,
    }  # fmt: skip
    assert shown["results"] != []


@pytest.mark.parametrize(
    ("line", "told", "by_design"),
    [
        (Line.OPEN, FORGED, True),
        (Line.OPEN, VALUE, False),
        (Line.RESTRICTED, FORGED, False),
    ],
)
async def test_what_bearers_leave_untouched(line: Line, told: str, by_design: bool) -> None:
    """A phone's own word to somebody untrusted, on an open line; the true number there is nobody's word but ours."""
    said = f"GET / HTTP/1.1\r\nHost: news.test\r\nX-MSISDN: {told}\r\n\r\n".encode()
    identity = Identity("X-MSISDN", VALUE, FORGED)
    seen = Observation(identity, line, (), b"", closed=True, trusted=(), elsewhere=(said,))
    assert untouched(seen) is by_design
    assert not untouched(replace(seen, elsewhere=()))
    assert not untouched(replace(seen, trusted=(said.replace(VALUE.encode(), FORGED.encode()),)))


async def test_a_case_cannot_send_without_bound(careless: Runner) -> None:
    huge = Case("huge", (Send("x" * 200_000),), SPOOFING.cases[0].open)
    with pytest.raises(ValueError, match="more than 131072 octets"):
        await careless.play(huge, Form.PROXY, Line.OPEN)


async def test_a_proxy_that_is_not_there() -> None:
    origin = RecordingOrigin("trusted")
    await origin.start()
    port = origin.port
    await origin.stop()
    place = Place.read("127.0.0.1:9")
    plan = Plan({Form.PROXY: ("127.0.0.1", port)}, Identity("A", "1", "2"), place, place, (Line.OPEN,), None, 9)
    with pytest.raises(Unavailable, match="is the proxy running there"):
        await Runner(plan, origin).play(SPOOFING.cases[0], Form.PROXY, Line.OPEN)


@pytest.mark.parametrize("host", ["192.0.2.1", "proxy.example", "::2"])
async def test_strangers_are_not_attacked(careless: Runner, host: str) -> None:
    place = Place.read("127.0.0.1:9")
    plan = Plan({Form.PROXY: (host, 1)}, Identity("A", "1", "2"), place, place, (Line.OPEN,), None, 9)
    with pytest.raises(InvalidInput, match="`--i-own-this-network`"):
        plan.check(own_network=False)
    plan.check(own_network=True)
    careless.plan.check(own_network=False)


async def test_answers_of_somebody_unknown_stand_for_what_he_got(careless: Runner) -> None:
    """Where the other destination is none of our origins, its page is all there is to see."""

    async def show(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        page = b"received:\n" + await reader.read(65536)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))
        writer.close()

    async with await asyncio.start_server(show, "127.0.0.1", 0) as server:
        entries = {Form.PROXY: ("127.0.0.1", server.sockets[0].getsockname()[1])}
        plan = Plan(entries, Identity("X-MSISDN", VALUE, FORGED), *(Place.read("a.test"),) * 2, (Line.OPEN,), None, 9)
        seen = await Runner(plan, careless.trusted).play(case(careless, "the header itself"), Form.PROXY, Line.OPEN)
    assert [request.values("X-MSISDN") for request in seen.strangers()] == [[FORGED.encode()]]


async def test_verdicts_have_three_values() -> None:
    row = Result("f", "c", "proxy", "open", "e", "g", Verdict.RIGHT)
    assert wrongs([row]) == []
    assert left_out([row]) == []
