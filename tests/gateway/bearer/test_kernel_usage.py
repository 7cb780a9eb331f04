"""Growth of counters becomes use of lines, over rules, sessions and forgotten counters."""

from dataclasses import replace

from nfemu.gateway.bearer.kernel_usage import KernelUsage
from nfemu.gateway.bearer.network.messages import CountedElement
from nfemu.model.identity import PolicyName
from nfemu.model.usage import Usage
from nfemu.policy.compile.marks import use_mark
from tests.fakes.gateway import ARREARS, OPEN, line, policies

STATE = line("13800138001", OPEN)
MARK = use_mark((OPEN, None))


def counter(kind: str, line: str, octets: int) -> CountedElement:
    return f"used_{kind}", line, MARK, octets


def known() -> KernelUsage:
    usage = KernelUsage()
    usage.rules_changed(policies())
    usage.lines_changed([STATE])
    return usage


def test_both_families_and_directions_of_a_line_are_one_use() -> None:
    usage = known()
    parts = (
        ("up4", "10.45.1.1", 100),
        ("down4", "10.45.1.1", 1000),
        ("up6", "2001:db8:4500:1::", 20),
        ("down6", "2001:db8:4500:1::", 200),
    )
    elements = [counter(*part) for part in parts]
    assert usage.growth(elements) == [Usage(STATE.imsi, OPEN, "", 120, 1200)]
    assert usage.growth(elements) == []


def test_a_counter_that_was_forgotten_begins_anew() -> None:
    usage = known()
    assert usage.growth([counter("up4", "10.45.1.1", 500)])[0].up == 500
    assert usage.growth([counter("up4", "10.45.1.1", 40)])[0].up == 40
    assert usage.growth([]) == []
    assert usage.growth([counter("up4", "10.45.1.1", 60)])[0].up == 60


def test_what_was_forwarded_before_a_detach_is_told_after_it_and_then_the_address_is_anothers() -> None:
    usage = known()
    usage.lines_changed([replace(STATE, version=2, policy=None, ue_ipv4=None, ue_ipv6=None)])
    assert usage.growth([counter("up4", "10.45.1.1", 500)]) == [Usage(STATE.imsi, OPEN, "", 500, 0)]
    other = line("13800138002", ARREARS)
    usage.lines_changed([replace(other, ue_ipv4=STATE.ue_ipv4)])
    assert usage.growth([counter("up4", "10.45.1.1", 700)]) == [Usage(other.imsi, OPEN, "", 200, 0)]


def test_a_policy_that_is_gone_is_still_known_by_its_mark() -> None:
    usage = known()
    usage.rules_changed(type(policies())({PolicyName("other"): policies().profile(OPEN)}))
    assert usage.growth([counter("down4", "10.45.1.1", 9)]) == [Usage(STATE.imsi, OPEN, "", 0, 9)]
