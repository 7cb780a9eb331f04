"""Where names lead for a line, and what `explain` makes of points."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Network

import pytest

from nfemu.gateway.bearer.foretelling import families_of, networks_of, reach_of, truth_of
from nfemu.gateway.link.host import Answer
from nfemu.gateway.ports import Direct, Emulated, Route
from nfemu.model.errors import NfemuError, NotFound, Unavailable
from nfemu.model.signs import FORBIDDEN, NO_ANSWER, NO_DATA, NO_NAME
from nfemu.policy.bearer_points import Truth, points_of_bearer
from nfemu.policy.compile.steering import Way
from nfemu.policy.rules import NO_BINDINGS
from nfemu.policy.urls import destination_of
from tests.gateway.samples import line as state
from tests.policy.test_bearer_points import TRUTH, V4, V6, line


class Told:
    """A name service with one answer; None: nobody may ask it."""

    def __init__(self, answer: Route | NfemuError | None) -> None:
        self._answer = answer

    async def answer(self, host: str) -> Answer:
        assert self._answer is not None, f"{host} was asked for"
        if isinstance(self._answer, NfemuError):
            raise self._answer
        return Answer(self._answer, 1.0)


EMULATED = Route((V4, V6), Emulated(), Emulated())
REAL = Route((IPv4Address("10.0.0.1"), IPv4Address("8.8.8.8")), Direct(), Direct())
PRIVATE = Route((IPv4Address("10.0.0.1"),), Direct(), Direct())


@pytest.mark.parametrize(
    ("policy", "url", "answer", "truth"),
    [
        ("open", "http://news.example/", EMULATED, TRUTH),
        ("open", "http://news.example/", REAL, Truth((IPv4Address("8.8.8.8"),), NO_DATA, real=True)),
        ("open", "http://news.example/", PRIVATE, Truth((), NO_DATA, real=True)),
        ("open", "http://gone.example/", NotFound("gone"), Truth((), NO_NAME)),
        ("open", "http://news.example/", Unavailable("late"), Truth((), NO_ANSWER)),
        ("arrears", "http://news.example/", None, Truth((), NO_NAME)),
        ("arrears", "http://pay.example/", EMULATED, TRUTH),
        ("open", "http://10.0.0.1/", NotFound("emulated"), Truth((), FORBIDDEN)),
        ("open", "http://10.0.0.1/", PRIVATE, Truth((), FORBIDDEN, real=True)),
        ("open", "http://198.18.0.20/", Route((V4,), Emulated(), Emulated()), Truth((V4,), NO_DATA)),
    ],
)
async def test_truth(policy: str, url: str, answer: Route | NfemuError | None, truth: Truth) -> None:
    """A name that the line may not ask for is not asked for it."""
    assert await truth_of(Told(answer), line(policy), destination_of(url)) == truth


@pytest.mark.parametrize(
    ("policy", "url", "truth", "rule"),
    [
        ("open", "http://news.example/", TRUTH, None),
        ("arrears", "http://news.example/", Truth(), None),
        ("open", "http://gone.example/", Truth(), "gateway/no-such-name"),
        ("open", "dns:gone.example", Truth((), NO_ANSWER), "gateway/no-answer"),
        ("open", "http://inside.example/", Truth((), NO_DATA), "gateway/private-address"),
        ("arrears", "http://10.9.0.1/", Truth((), FORBIDDEN), "gateway/private-address"),
        ("arrears", "http://203.0.113.9/", Truth(), "gateway/no-such-name"),
        ("open", "tcp://203.0.113.9:22", Truth(), "gateway/no-such-name"),
        ("open", "http://127.0.0.1/", Truth((), FORBIDDEN), "gateway/phone"),
        ("arrears", "https://203.0.113.9/", Truth(), "gateway/sni-gate"),
        ("open", "tcp://10.9.0.1:22", Truth((), FORBIDDEN, real=True), "gateway/private-address"),
        ("open", "udp://news.example:443", Truth((V4,), NO_DATA, real=True), "gateway/tcp-only"),
    ],
)
def test_reach(policy: str, url: str, truth: Truth, rule: str | None) -> None:
    its, destination = line(policy), destination_of(url)
    points = points_of_bearer(its, destination, truth, Way.OUTSIDE)
    found = reach_of(points, destination, its.decide(destination, NO_BINDINGS), truth)
    assert found.points == points
    assert (found.guard.rule if found.guard is not None else None) == rule
    assert (found.leads_to == "the emulated Internet") is (url == "http://news.example/" and policy == "open")


def test_what_a_phone_has() -> None:
    both = state()
    assert (families_of(both), networks_of(both)) == (
        (4, 6),
        (IPv4Network("10.45.0.2"), IPv6Network("2001:db8:4500::/64")),
    )
    none = replace(both, ue_ipv4=None, ue_ipv6=None)
    assert (families_of(none), networks_of(none)) == ((), ())
