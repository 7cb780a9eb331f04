"""A corpus of requests on an open and on a restricted line (G5, G12, G16): nothing that `decide()` forbids reaches an
origin, everything that it allows does, and of the headers that clients make up not one byte arrives anywhere.

What is inside TLS is the client's own business: the gateway never opens it, and the portal believes nothing there.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
import pytest_asyncio

from nfemu.enrichment.spelling import canonical
from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Verdict
from nfemu.policy.names import normalise_host
from nfemu.policy.rules import NO_BINDINGS, decide
from nfemu.wire.http_head import parse_authority
from tests.journeys.corpus import CORPUS, PLAIN, PLAIN_INSIDE, SOCKS, TLS, Body, Case, Kind, Way
from tests.journeys.inside import Inside, Tapped, inside
from tests.journeys.wire import Answer, Wire, credentials, socks

pytestmark = pytest.mark.asyncio(loop_scope="module")

RESTRICTED, OPEN = "13800138000", "13800138001"
FORGED = "8613912345678"
PATIENCE_S = 20
MEBIBYTE = bytes(1024) * 1024
_LENGTHS = {Body.NONE: b"", Body.LENGTH: b"Content-Length: 7\r\n", Body.CHUNKED: b"Transfer-Encoding: chunked\r\n"}
_BODIES = {
    Body.NONE: b"",
    Body.LENGTH: b"payload",
    Body.CHUNKED: f"7\r\npayload\r\n0\r\nX-MSISDN: {FORGED}\r\n\r\n".encode(),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    async with inside(tmp_path_factory.mktemp("corpus")) as carrier:
        await carrier.charge(RESTRICTED, "59.00")
        yield carrier


def spellings(name: str) -> list[str]:
    """Names that some server takes for `name`."""
    return [name, name.upper(), name.replace("-", "_"), name.title().replace("-", "."), f"{name}-"]


def forged_fields(carrier: Inside) -> bytes:
    """Every name of `enrichment.yaml` in several spellings, as few fields as a head may have; cookies too."""
    enrichment = carrier.emulator.configuration.enrichment
    names = [rule.name for rule in enrichment.headers] + list(enrichment.aliases)
    fields = [f"{spelling}: {FORGED}" for name in names for spelling in spellings(name)]
    fields += [f"Cookie: {cookie}={FORGED}; a=b" for cookie in enrichment.cookies]
    fields += ["Connection: X-MSISDN, keep-alive"]
    return "".join(f"{field}\r\n" for field in fields).encode()


def destination(case: Case) -> Destination | None:
    """What the client asks for, as a policy sees it; None where it cannot be told."""
    try:
        host = normalise_host(case.host)
    except InvalidInput:
        return None
    scheme = Scheme.HTTP if case.way in PLAIN + PLAIN_INSIDE else Scheme.HTTPS if case.way in TLS else Scheme.RAW
    name, address = (host, None) if isinstance(host, str) else (None, host)
    return Destination(name, address, case.effective_port, Transport.TCP, scheme)


def verdict(carrier: Inside, policy: str, case: Case) -> Verdict | None:
    asked = destination(case)
    if asked is None:
        return None
    profile = carrier.emulator.configuration.policies.compiled.profile(PolicyName(policy))
    return decide(profile, asked, NO_BINDINGS, datetime.now(UTC)).verdict


class Sender:
    """Sends cases as one subscriber."""

    def __init__(self, carrier: Inside, number: str) -> None:
        self._carrier = carrier
        self._number = number
        self._forged = forged_fields(carrier)

    async def send(self, case: Case) -> str:
        """What the gateway said in the end, in one word or number."""
        wire = await self._carrier.wire(self._port(case.way))
        try:
            async with asyncio.timeout(PATIENCE_S):
                if case.way in PLAIN:
                    return str((await self._request(wire, case)).status)
                refusal = await self._tunnel(wire, case)
                return refusal or await self._inside_tunnel(wire, case)
        finally:
            wire.close()

    def _port(self, way: Way) -> int:
        if way in SOCKS:
            return self._carrier.socks_port
        return self._carrier.http_port if way is Way.PROXY else self._carrier.own_port(self._number)

    async def _tunnel(self, wire: Wire, case: Case) -> str | None:
        if case.way in SOCKS:
            reply = await socks(wire, self._number, case.host, case.effective_port)
            return f"socks {reply}" if reply else None
        authority = case.authority.encode()
        await wire.send(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (authority, authority, self._forged))
        status = (await wire.head()).split()[1].decode()
        return None if status == "200" else status

    async def _inside_tunnel(self, wire: Wire, case: Case) -> str:
        if case.way is Way.CONNECT_RAW:
            await wire.send(b"\x00" + FORGED.encode() + b"\r\n\r\n")
            return "closed" if await wire.rest() == b"" else "answered"
        if case.way in PLAIN_INSIDE:
            return str((await self._request(wire, case)).status)
        if not await wire.tls(self._sni(case)):
            return "closed"
        asked = destination(case)
        host = asked.host or f"[{asked.address}]" if asked is not None else ""
        await wire.send(f"GET {case.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return "closed" if await wire.rest() == b"" else "answered"

    def _sni(self, case: Case) -> str | None:
        asked = destination(case)
        if case.way is Way.OTHER_SNI:
            return "other.example" if case.host != "news.example" else "portal.carrier.example"
        return None if case.way is Way.NO_SNI or asked is None else asked.host

    async def _request(self, wire: Wire, case: Case) -> Answer:
        absolute = case.way in (Way.PROXY, Way.OWN)
        target = f"http://{case.authority}{case.path}" if absolute else case.path
        head = f"{case.method} {target} HTTP/1.1\r\nHost: {case.authority}\r\n".encode()
        who = credentials(self._number) if case.way is Way.PROXY else b""
        await wire.send(head + who + self._forged + _LENGTHS[case.body] + b"\r\n" + _BODIES[case.body])
        return await wire.answer(case.method)


async def _destinations(carrier: Inside, case: Case) -> set[tuple[str, int]]:
    """Where an allowed case may arrive."""
    asked = destination(case)
    assert asked is not None
    addresses = [str(asked.address)] if asked.host is None else await carrier.addresses(asked.host)
    return {(address, case.effective_port) for address in addresses}


async def _wrong(carrier: Inside, case: Case, passes: bool, new: list[Tapped], said: str) -> str | None:
    reached = [connection for connection in new if connection.sent]
    if not passes:
        return f"{case}: {said}: reached {[each.destination for each in new]}" if new else None
    if len(reached) != 1:
        return f"{case}: {said}: reached {len(reached)} origins"
    expected = await _destinations(carrier, case)
    if not all(connection.destination in expected for connection in new):
        return f"{case}: reached {[each.destination for each in new]}, not {expected}"
    first = bytes(reached[0].sent[:200])
    if case.way in TLS:
        return None if first[0] == 0x16 else f"{case}: sent {first!r}"
    if case.way is Way.CONNECT_RAW:
        return None
    return None if f"{case.method} {case.path} HTTP/1.1".encode() in first else f"{case}: sent {first!r}"


async def test_the_corpus_is_one() -> None:
    assert len(CORPUS) >= 200
    assert len({(case.way, case.host, case.port, case.method, case.body) for case in CORPUS}) == len(CORPUS)
    assert {case.way for case in CORPUS} == set(Way)
    assert {case.kind for case in CORPUS} == set(Kind)


async def test_decide_says_what_the_table_says(here: Inside) -> None:
    for case in CORPUS:
        restricted, open_ = verdict(here, "arrears", case), verdict(here, "open", case)
        if case.kind is Kind.NO_HOST:
            assert restricted is None
            continue
        listed = case.kind in (Kind.PORTAL, Kind.PAYMENT) and case.effective_port in (80, 443)
        plain = case.way in PLAIN + PLAIN_INSIDE
        forbidden = Verdict.REDIRECT if plain else Verdict.REJECT
        assert restricted is (Verdict.ALLOW if listed else forbidden), case
        assert open_ is Verdict.ALLOW, case
        assert case.passes_open or case.kind in (Kind.NOWHERE, Kind.PRIVATE) or case.way is Way.CONNECT_RAW


@pytest.mark.parametrize("number", [RESTRICTED, OPEN])
async def test_every_case(here: Inside, number: str) -> None:
    sender, wrong = Sender(here, number), []
    for case in CORPUS:
        passes = case.passes_restricted if number == RESTRICTED else case.passes_open
        before = len(here.tap.connections)
        said = await sender.send(case)
        wrong.append(await _wrong(here, case, passes, here.tap.connections[before:], said))
        wrong.append(_unfitting(case, number, passes, said))
    assert [each for each in wrong if each is not None] == []
    _check_identity(here, number, await here.ue(number))


def _unfitting(case: Case, number: str, passes: bool, said: str) -> str | None:
    """The answers to what does not pass (architecture, section 5); whatever passes is the origin's to answer."""
    if passes:
        return None
    if case.way in SOCKS:
        right = said != "socks 0"
    elif case.kind is Kind.NO_HOST:
        right = said == "400"
    elif case.kind is Kind.PRIVATE:
        right = said == "403"
    elif case.way in (Way.CONNECT_RAW, Way.OTHER_SNI, Way.NO_SNI) and case.kind in (Kind.PORTAL, Kind.PAYMENT):
        right = said in ("closed", "403")
    elif number == OPEN:
        right = said == "502"
    elif case.way in PLAIN:
        right = said == ("302" if case.method in ("GET", "HEAD") else "511")
    else:
        right = said == "403"
    return None if right else f"{case}: answered {said}"


def _check_identity(carrier: Inside, number: str, ue: str) -> None:
    """Of everything that this line sent anywhere."""
    mine = [each for each in carrier.tap.connections if str(each.header.source) == ue]
    portal_requests = 0
    assert len(mine) > 20
    for connection in mine:
        if connection.sent.startswith((b"\x16", b"\x00")):
            continue
        assert FORGED.encode() not in connection.sent
        for fields in connection.requests()[:1]:
            told = [(name, value) for name, value in fields if canonical(name.encode()) == b"x-msisdn"]
            host = next(value for name, value in fields if name.lower() == "host")
            listed = connection.destination[1] in (80, 443)
            is_portal = listed and _is_portal(host)
            portal_requests += is_portal
            assert told == ([("X-MSISDN", f"86{number}")] if is_portal else []), fields
            assert not [name for name, _ in fields if name.lower().startswith("proxy-")]
    assert portal_requests > 10


def _is_portal(host: str) -> bool:
    """`host` as a `Host` field on the wire, in Latin-1."""
    return normalise_host(parse_authority(host.encode("latin-1")).host) == "portal.carrier.example"


@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
@pytest.mark.parametrize("framing", [b"Content-Length: 1048576\r\n", b"Transfer-Encoding: chunked\r\n"])
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
async def test_no_byte_of_a_large_forbidden_body(here: Inside, method: str, framing: bytes, expect: bytes) -> None:
    before = len(here.tap.connections)
    wire = await here.wire(here.own_port(RESTRICTED))
    await wire.send(f"{method} http://news.example/upload HTTP/1.1\r\nHost: news.example\r\n".encode())
    body = MEBIBYTE if b"Length" in framing else b"100000\r\n" + MEBIBYTE + b"\r\n0\r\n\r\n"
    await wire.send(framing + expect + b"\r\n" + body)
    answer = await wire.answer()
    assert answer.status == (302 if method == "GET" else 511)
    assert answer.closes
    assert await wire.rest() == b""
    wire.close()
    assert here.tap.connections[before:] == []


async def test_a_forbidden_body_behind_an_allowed_request(here: Inside) -> None:
    before = len(here.tap.connections)
    wire = await here.wire(here.own_port(RESTRICTED))
    portal = b"GET http://portal.carrier.example/ HTTP/1.1\r\nHost: portal.carrier.example\r\n\r\n"
    upload = b"POST http://news.example/ HTTP/1.1\r\nHost: news.example\r\nContent-Length: 1048576\r\n\r\n"
    await wire.send(portal)
    assert (await wire.answer()).status == 200
    await wire.send(portal + upload + MEBIBYTE[: 128 * 1024])
    assert [(await wire.answer()).status for _ in range(2)] == [200, 511]
    wire.close()
    (only,) = here.tap.connections[before:]
    assert only.destination[0] in await here.addresses("portal.carrier.example")
    assert len(only.requests()) == 2
    assert len(only.sent) < 1000


async def test_the_same_body_passes_on_an_open_line(here: Inside) -> None:
    """Else the tests above could not fail."""
    for framing, body in (
        (b"Content-Length: 1048576", MEBIBYTE),
        (b"Transfer-Encoding: chunked", b"100000\r\n" + MEBIBYTE + b"\r\n0\r\n\r\n"),
    ):
        wire = await here.wire(here.own_port(OPEN))
        await wire.send(b"POST http://upload.example/ HTTP/1.1\r\nHost: upload.example\r\n" + framing + b"\r\n\r\n")
        await wire.send(body)
        assert (await wire.answer()).status == 200
        wire.close()
        received = here.emulator.life.recorder.received("upload.example")[-1]
        assert (received.body_length, received.body_complete) == (1048576, True)
        assert ip_address(received.ue_address) == ip_address(await here.ue(OPEN))


async def test_curl_that_resolves_by_itself(here: Inside) -> None:
    """`curl -x socks5://` asks the machine's resolver, which knows no `.example`: the address is the gateway's own
    answer, handed to curl with `--resolve`. A name at an address that it has is the name; elsewhere it is not, and the
    portal, whose page every address of the emulated Internet has under its name, is told no number.
    """
    news, portal = [(await here.addresses(name))[0] for name in ("news.example", "portal.carrier.example")]
    for number, name, address, status, enriched in (
        (OPEN, "news.example", news, 200, False),
        (OPEN, "portal.carrier.example", portal, 200, True),
        (OPEN, "portal.carrier.example", news, 403, False),
        (OPEN, "news.example", portal, 200, False),
        (RESTRICTED, "news.example", news, 0, False),
        (RESTRICTED, "portal.carrier.example", portal, 0, False),
    ):
        before = len(here.tap.connections)
        said = await _curl(here, number, name, address)
        assert said == status, (number, name, address)
        reached = here.tap.connections[before:]
        assert [each.destination for each in reached] == ([(address, 80)] if status else [])
        assert [f"X-MSISDN: 86{number}".encode() in each.sent for each in reached] == ([enriched] if status else [])
        assert not [each for each in reached if FORGED.encode() in each.sent]


async def _curl(carrier: Inside, number: str, name: str, address: str) -> int:
    """By SOCKS5 with an address; the status of the answer, 0 without one."""
    proxy = f"socks5://{number}:x@127.0.0.1:{carrier.socks_port}"
    process = await asyncio.create_subprocess_exec(
        *("curl", "-s", "--max-time", "20", "-o", os.devnull, "-w", "%{http_code}", "-H", f"X-MSISDN: {FORGED}"),
        *("-x", proxy, "--resolve", f"{name}:80:{address}", f"http://{name}/"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return int(output)
