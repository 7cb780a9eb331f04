"""Prepared redirects are the ones that the judge would give, octet for octet."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.gateway.bearer import prepared
from nfemu.gateway.bearer.prepared import PreparedRedirects
from nfemu.gateway.engine import responses
from nfemu.model.identity import PolicyName
from tests.fakes.gateway import ARREARS, LANDING, OPEN, WALLED, line, rules

STATE = line("13800138001", ARREARS)


@given(st.binary(max_size=300), st.sampled_from(["news.example", "a.b", "xn--fiqs8s"]), st.sampled_from(["", "?a=b&c"]))
def test_same_as_made_at_once(target: bytes, host: str, query: str) -> None:
    redirect = prepared.PreparedRedirect.of(LANDING + query, host)
    url = f"http://{host}/".encode() + target
    assert redirect.answer(b"/" + target) == responses.redirect(LANDING + query, host, url)


@pytest.mark.parametrize(
    ("policy", "host"),
    [
        (ARREARS, b"portal.carrier.example"),  # listed: it depends on where the connection leads
        (ARREARS, b"captive.apple.com"),  # a connectivity check, on some paths
        (ARREARS, b"192.0.2.1"),
        (ARREARS, b"a..b"),
        (OPEN, b"news.example"),
        (WALLED, b"news.example"),
        (PolicyName("unknown"), b"news.example"),
        (None, b"news.example"),
    ],
)
def test_what_takes_a_judge(policy: PolicyName | None, host: bytes) -> None:
    current = rules()
    state = replace(STATE, policy=policy)
    assert PreparedRedirects(lambda: current).answer(state, host, b"/") is None


def test_too_long_to_be_handed_over() -> None:
    current = rules()
    redirects = PreparedRedirects(lambda: current)
    longest = b"/" + b"x" * (responses.MAX_ORIGINAL_URL - len("http://news.example/"))
    assert redirects.answer(STATE, b"news.example", longest) is not None
    assert redirects.answer(STATE, b"news.example", longest + b"x") is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "_MOST", 10)
    current = rules()
    redirects = PreparedRedirects(lambda: current)
    for number in range(25):
        assert redirects.answer(STATE, b"h%d.example" % number, b"/") is not None
    assert len(redirects._known) <= 10
