"""The portal reads what the gateway's enricher writes, in every encoding, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from nfemu.enrichment.enricher import Enricher
from nfemu.enrichment.values import Encoding, EnrichedValue, HeaderRule, Identity
from nfemu.gateway.sealer import JoseSealer, load_keys, rotate_keys
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Msisdn
from nfemu.model.session import PdnSession
from nfemu.web.origins.connection import OriginConnection, OriginRequest
from nfemu.web.portal.config import Identify
from nfemu.web.portal.identity import Recognition, identify_by
from tests.fakes.world import LI, ZHANG, imsi_of
from tests.web.stack import PORTAL, Stack

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
KEY = b"p" * 32
UE = ip_address("10.45.0.7")


def request_of(headers: list[tuple[bytes, bytes]], ue: IpAddress = UE) -> OriginRequest:
    return OriginRequest(
        OriginConnection(ue, 1, ip_address("198.18.0.16"), 80, tls=False, by_gateway=True), b"/", tuple(headers)
    )


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    return tmp_path / "token.jwks"


@pytest.fixture
def recognition(stack: Stack, token_file: Path) -> Recognition:
    keys = {key.kid: key.secret for key in load_keys(token_file)}
    return Recognition(PORTAL, "portal", "86", KEY, keys, stack.service.session_at, lambda: NOW)


Enriched = Callable[..., list[tuple[bytes, bytes]]]


@pytest.fixture
def enriched(token_file: Path) -> Enriched:
    def enrich(
        rule: HeaderRule, msisdn: Msisdn = ZHANG, host: str = PORTAL, group: str = "portal", now: datetime = NOW
    ) -> list[tuple[bytes, bytes]]:
        enricher = Enricher([rule], pseudonym_key=KEY, sealer=JoseSealer(load_keys(token_file)[0]))
        return enricher.headers_for(Identity(msisdn, imsi_of(msisdn)), host, group, now)

    return enrich


@pytest.mark.parametrize("encoding", Encoding)
async def test_what_the_gateway_inserts_is_recognised(
    stack: Stack, recognition: Recognition, enriched: Enriched, encoding: Encoding
) -> None:
    rule = HeaderRule("X-Who", EnrichedValue.MSISDN, encoding)
    identify = identify_by([HeaderRule("X-Card", EnrichedValue.IMSI), rule], recognition)
    request = request_of(enriched(rule), ip_address(stack.ue(ZHANG)))
    assert identify(request) == ZHANG
    twice = request_of([*request.headers, *request.headers], ip_address(stack.ue(ZHANG)))
    assert identify(twice) is None
    assert identify(request_of([(b"X-Who", b"nonsense")], ip_address(stack.ue(ZHANG)))) is None
    assert identify(request_of([])) is None


async def test_a_pseudonym_of_another_line_or_group_is_nobody(
    stack: Stack, recognition: Recognition, enriched: Enriched
) -> None:
    rule = HeaderRule("X-Who", EnrichedValue.MSISDN, Encoding.PSEUDONYM)
    identify = identify_by([rule], recognition)
    ue = ip_address(stack.ue(ZHANG))
    assert identify(request_of(enriched(rule, LI), ue)) is None
    assert identify(request_of(enriched(rule, group="other"), ue)) is None
    assert identify(request_of(enriched(rule), ip_address("10.45.250.250"))) is None
    assert identify(request_of([(b"X-Who", "é".encode())], ue)) is None


async def test_tokens_end_are_for_one_audience_and_survive_one_rotation(
    recognition: Recognition, enriched: Enriched, token_file: Path
) -> None:
    rule = HeaderRule("X-Who", EnrichedValue.MSISDN, Encoding.TOKEN)
    identify = identify_by([rule], recognition)
    assert identify(request_of(enriched(rule, now=NOW - timedelta(seconds=60)))) is None
    assert identify(request_of(enriched(rule, host="other.example"))) is None
    other_claim = HeaderRule("X-Who", EnrichedValue.IMSI, Encoding.TOKEN)
    assert identify(request_of(enriched(other_claim))) is None
    rotate_keys(token_file)
    assert identify(request_of(enriched(rule))) is None, "a key that the portal does not have"


async def test_another_header_from_the_next_request_on(stack: Stack, recognition: Recognition) -> None:
    browser = stack.browser(ZHANG)
    assert (await browser.open(f"http://{PORTAL}/")).status == 200
    stack.shell.recognise_by(identify_by([HeaderRule("X-Other", EnrichedValue.MSISDN)], recognition))
    assert (await browser.open(f"http://{PORTAL}/")).status == 403


def test_without_a_header_for_the_number_nobody_is_recognised() -> None:
    def nobody(_: IpAddress) -> PdnSession | None:
        return None

    recognition = Recognition(PORTAL, "portal", "86", KEY, {}, nobody, lambda: NOW)
    identify: Identify = identify_by([HeaderRule("X-Card", EnrichedValue.IMSI)], recognition)
    assert identify(request_of([(b"X-Card", b"460001380013800")])) is None
