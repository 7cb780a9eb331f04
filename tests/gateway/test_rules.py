import pytest

from nfemu.enrichment.values import Encoding, EnrichedValue, HeaderRule
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sealer import TokenKey
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import PolicyName
from tests.gateway.samples import ARREARS, OPEN, PORTAL

SEALED = HeaderRule("X-Subscriber", EnrichedValue.MSISDN, Encoding.TOKEN)


def test_compiled_rules_know_profiles_and_headers() -> None:
    source = RuleSource((PORTAL,), (OPEN, ARREARS), (SEALED,), ("MSISDN",), token_keys=(TokenKey("k", bytes(32)),))
    rules = source.compile()
    assert rules.policies.profile(PolicyName("arrears")).redirect_to == "http://portal.carrier.example/green"
    assert rules.enricher.is_identity_header("x_subscriber")
    assert rules.enricher.is_identity_header("Msisdn")


@pytest.mark.parametrize("source", [RuleSource((), (ARREARS,)), RuleSource((PORTAL,), (OPEN,), (SEALED,))])
def test_what_makes_no_sense_is_refused(source: RuleSource) -> None:
    with pytest.raises(InvalidInput):
        source.compile()


def test_secrets_are_not_shown() -> None:
    source = RuleSource((), (), pseudonym_key=b"geheim", token_keys=(TokenKey("k", b"geheim"),))
    assert "geheim" not in repr(source)
