"""What a line gets for plain HTTP: forwarded, redirected, refused; and who is asking at all."""

import asyncio

import pytest

from nfemu.model.errors import NotFound, Unavailable
from tests.fakes.gateway import ARREARS, LANDING, OK, line, swallow
from tests.gateway.engine.conftest import (
    ARREARS_NUMBER,
    DETACHED_NUMBER,
    OPEN_NUMBER,
    TOKEN,
    WALLED_NUMBER,
    World,
    auth,
    get,
    header,
    status,
)

CHECKS = [
    ("android", "http://connectivitycheck.gstatic.com/generate_204"),
    ("android", "http://www.google.com/gen_204"),
    ("android", "http://play.googleapis.com/generate_204"),
    ("apple", "http://captive.apple.com/hotspot-detect.html"),
    ("windows", "http://www.msftconnecttest.com/connecttest.txt"),
    ("firefox", "http://detectportal.firefox.com/canonical.html"),
    ("firefox", "http://detectportal.firefox.com/success.txt?ipv4"),
    ("firefox", "http://detectportal.firefox.com/success.txt?ipv6"),
]


async def test_open_line_is_forwarded_with_its_address(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://news.example/x?y=1", OPEN_NUMBER, b"User-Agent: curl/8\r\nAccept: */*\r\n"))
    assert await client.response() == OK
    visit = await world.origin.visit()
    assert visit.proxy is not None
    assert (visit.proxy.source, visit.proxy.token) == (world.open.ue_ipv4, TOKEN)
    assert (visit.proxy.destination.exploded[:7], visit.proxy.destination_port) == ("198.18.", 80)
    expected = b"GET /x?y=1 HTTP/1.1\r\nHost: news.example\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n"
    assert bytes(visit.received) == expected
    client.close()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_restricted_line_is_sent_to_the_landing_page(world: World, method: str) -> None:
    url = "http://news.example:8080/a?b=c&d=<script>\"'"
    answer = await world.exchange(get(url, ARREARS_NUMBER, method=method))
    assert status(answer) == 302
    expected = f"{LANDING}?url=http%3A%2F%2Fnews.example%3A8080%2Fa%3Fb%3Dc%26d%3D%3Cscript%3E%22%27"
    assert header(answer, "location") == expected
    assert header(answer, "cache-control") == "no-store"
    assert header(answer, "connection") == "close"
    body = answer.partition(b"\r\n\r\n")[2]
    assert b"<script>" not in body
    assert bool(body) == (method == "GET")
    assert not world.origin.visits
    assert not world.resolver.asked


async def test_octets_that_no_url_has_are_handed_over_encoded(world: World) -> None:
    answer = await world.exchange(get("http://news.example//[X", ARREARS_NUMBER).replace(b"[X", b"[\xe9"))
    assert header(answer, "location") == f"{LANDING}?url=http%3A%2F%2Fnews.example%2F%2F%5B%E9"


async def test_an_original_url_that_is_too_long_is_left_out(world: World) -> None:
    answer = await world.exchange(get("http://news.example/" + "x" * 3000, ARREARS_NUMBER))
    assert header(answer, "location") == LANDING


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
async def test_other_methods_get_511_with_a_link(world: World, method: str) -> None:
    answer = await world.exchange(get("http://news.example/", ARREARS_NUMBER, method=method))
    assert status(answer) == 511
    assert f'href="{LANDING}"'.encode() in answer
    assert header(answer, "cache-control") == "no-store"
    assert header(answer, "location") is None
    assert not world.origin.visits


@pytest.mark.parametrize(("system", "url"), CHECKS)
async def test_connectivity_checks_open_the_sign_in_page(world: World, system: str, url: str) -> None:
    """A redirect is what each of them takes for a portal; there is nothing to come back to."""
    answer = await world.exchange(get(url, ARREARS_NUMBER))
    assert (status(answer), header(answer, "location")) == (302, LANDING), system
    assert not world.origin.visits


async def test_rejecting_profile_refuses_with_a_reason_in_the_body_only(world: World) -> None:
    answer = await world.exchange(get("http://news.example/", WALLED_NUMBER))
    assert status(answer) == 403
    assert b"not listed in profile `walled`" in answer.partition(b"\r\n\r\n")[2]
    assert b"walled" not in answer.partition(b"\r\n\r\n")[0]
    assert not world.origin.visits


async def test_allowed_but_untrusted_gets_no_number(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://PAY.provider.example./", ARREARS_NUMBER))
    assert await client.response() == OK
    assert b"msisdn" not in world.origin.received.lower()
    client.close()


async def test_trusted_gets_the_number(world: World) -> None:
    client = await world.connect()
    for number, line_state in ((ARREARS_NUMBER, world.arrears), (OPEN_NUMBER, world.open)):
        await client.send(get("http://portal.carrier.example/", number))
        assert await client.response() == OK
        assert world.origin.received.count(b"X-MSISDN: " + line_state.msisdn.e164.encode()) == 1
    client.close()


@pytest.mark.parametrize(
    ("spelling", "password"),
    [("13800138000", "x"), ("+8613800138000", ""), ("008613800138000", "a:b"), ("138-0013-8000", "密")],
)
async def test_any_spelling_of_the_number_and_any_password(world: World, spelling: str, password: str) -> None:
    client = await world.connect()
    await client.send(
        b"GET http://news.example/ HTTP/1.1\r\nHost: news.example\r\n" + auth(spelling, password) + b"\r\n"
    )
    assert status(await client.response()) == 200
    client.close()


@pytest.mark.parametrize(
    "credentials",
    [
        b"",
        auth("13900000000"),
        auth("nobody"),
        b"Proxy-Authorization: Basic !!!\r\n",
        b"Proxy-Authorization: Basic /w==\r\n",
        b"Proxy-Authorization: Bearer abc\r\n",
        auth(OPEN_NUMBER) + auth(ARREARS_NUMBER),
        b"Authorization: " + auth(OPEN_NUMBER).partition(b": ")[2],
    ],
)
async def test_nobody_is_asked_for_the_number(world: World, credentials: bytes) -> None:
    answer = await world.exchange(
        b"GET http://news.example/ HTTP/1.1\r\nHost: news.example\r\n" + credentials + b"\r\n"
    )
    assert status(answer) == 407
    assert (header(answer, "proxy-authenticate") or "").startswith("Basic ")
    assert (b"give the subscriber's number" in answer) == (b"Basic MTM5" not in credentials)
    assert not world.origin.visits


async def test_not_attached(world: World) -> None:
    answer = await world.exchange(get("http://portal.carrier.example/", DETACHED_NUMBER))
    assert status(answer) == 403
    assert b"not attached" in answer


async def test_a_policy_that_the_rules_do_not_have(world: World) -> None:
    lost = line("13800138009", world.arrears.policy)
    world.view.put(lost)
    world.view.lines[lost.msisdn] = line("13800138009", type(ARREARS)("gone"))
    answer = await world.exchange(get("http://portal.carrier.example/", "13800138009"))
    assert status(answer) == 403
    assert b"`gone`" in answer


async def test_own_listener_needs_no_name_and_believes_none(world: World) -> None:
    request = b"GET http://news.example/ HTTP/1.1\r\nHost: news.example\r\n" + auth(OPEN_NUMBER) + b"\r\n"
    assert status(await world.exchange(request, world.own_port)) == 302
    assert not world.origin.visits


@pytest.mark.parametrize("number", [OPEN_NUMBER, ARREARS_NUMBER])
async def test_without_the_control_process_nobody_is_served(world: World, number: str) -> None:
    world.view.is_fresh = False
    for url in ("http://portal.carrier.example/", "http://news.example/"):
        answer = await world.exchange(get(url, number))
        assert status(answer) == 503
        assert header(answer, "retry-after") == "2"
    assert not world.origin.visits


async def test_kept_alive_connection_is_judged_per_request_across_both_flips(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://news.example/1", OPEN_NUMBER))
    assert status(await client.response()) == 200
    restricted = line(OPEN_NUMBER, ARREARS, version=2)
    world.view.put(restricted)
    await world.engine.line_changed(restricted)
    await client.send(get("http://portal.carrier.example/2", OPEN_NUMBER))
    assert status(await client.response()) == 200
    restored = line(OPEN_NUMBER, world.open.policy, version=3)
    world.view.put(restored)
    await world.engine.line_changed(restored)
    await client.send(get("http://news.example/3", OPEN_NUMBER))
    assert status(await client.response()) == 200
    world.view.put(line(OPEN_NUMBER, ARREARS, version=4))
    await client.send(get("http://news.example/4", OPEN_NUMBER))
    assert status(await client.rest()) == 302
    assert b"GET /4" not in world.origin.received


async def test_one_connection_for_two_lines_shares_no_origin_connection(world: World) -> None:
    client = await world.connect()
    for number in (OPEN_NUMBER, ARREARS_NUMBER, ARREARS_NUMBER):
        await client.send(get("http://pay.provider.example/", number))
        assert status(await client.response()) == 200
    sources = [visit.proxy.source for visit in world.origin.visits if visit.proxy is not None]
    assert sources == [world.open.ue_ipv4, world.arrears.ue_ipv4]
    client.close()


async def test_names_and_literals(world: World) -> None:
    client = await world.connect()
    for authority in ("bücher.example", "198.18.1.5", "[2001:2::5]:8080"):
        await client.send(get(f"http://{authority}/", OPEN_NUMBER))
        assert status(await client.response()) == 200
    assert world.resolver.asked == ["xn--bcher-kva.example", "198.18.1.5", "2001:2::5"]
    client.close()


async def test_restricted_literals_are_judged_as_addresses(world: World) -> None:
    client = await world.connect()
    await client.send(get("http://198.18.1.5/", ARREARS_NUMBER))
    assert status(await client.response()) == 200
    client.close()
    answer = await world.exchange(get("http://198.18.0.9/", ARREARS_NUMBER))
    assert header(answer, "location") == f"{LANDING}?url=http%3A%2F%2F198.18.0.9%2F"
    answer = await world.exchange(get("http://[2001:2::9]/", ARREARS_NUMBER))
    assert header(answer, "location") == f"{LANDING}?url=http%3A%2F%2F%5B2001%3A2%3A%3A9%5D%2F"


@pytest.mark.parametrize("literal", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[fe80::1]", "0.0.0.0"])
@pytest.mark.parametrize("number", [OPEN_NUMBER, ARREARS_NUMBER])
async def test_literals_that_nobody_may_name(world: World, literal: str, number: str) -> None:
    assert status(await world.exchange(get(f"http://{literal}/", number))) == 403
    assert not world.resolver.asked


@pytest.mark.parametrize(
    ("error", "code"), [(NotFound("no such name"), 502), (Unavailable("no answer from control"), 503)]
)
async def test_names_that_lead_nowhere(world: World, error: NotFound | Unavailable, code: int) -> None:
    world.resolver.routes["news.example"] = error
    answer = await world.exchange(get("http://news.example/", OPEN_NUMBER))
    assert status(answer) == code
    assert str(error).encode() in answer
    assert header(answer, "cache-control") == "no-store"


async def test_head_to_nowhere_has_no_body(world: World) -> None:
    world.resolver.routes["news.example"] = NotFound("no such name")
    answer = await world.exchange(get("http://news.example/", OPEN_NUMBER, method="HEAD"))
    assert answer.endswith(b"\r\n\r\n")


async def test_origin_that_closes_without_an_answer(world: World) -> None:
    async def close(visit: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    world.origin.serve = close
    assert status(await world.exchange(get("http://news.example/", OPEN_NUMBER))) == 502


async def test_client_that_goes_away_takes_its_origin_connection_with_it(world: World) -> None:
    world.origin.serve = swallow
    client = await world.connect()
    await client.send(get("http://news.example/", OPEN_NUMBER))
    visit = await world.origin.visit()
    await visit.until_contains(b"\r\n\r\n")
    client.close()
    await visit.ended.wait()
