"""What the second table says: which flows have lanes, what each packet is asked, what goes the long way."""

import re
from ipaddress import IPv4Address, IPv6Address

from nfemu.model.identity import PolicyName
from nfemu.model.policy import Limits, PolicyProfile, Verdict
from nfemu.policy.compile.compiler import compile_table
from nfemu.policy.compile.lanes import (
    render_lanes,
    render_let_in,
    render_let_out,
    render_lines,
    render_trial,
    render_trial_end,
    render_ways,
)
from nfemu.policy.compile.marks import mark_of
from nfemu.policy.compile.table import ByStamp, Count, SetMark, Table
from nfemu.policy.compile.updates import SteeredLine, change_line, every_line, plug
from nfemu.policy.rules import PolicySet
from tests.policy.compile.worlds import LINE, PLAN
from tests.policy.test_rules import POLICIES

OPEN, ARREARS = PolicyName("open"), PolicyName("arrears")
TABLE = compile_table(POLICIES, PLAN)
TEXT = render_lanes(TABLE, PLAN)


def chain(name: str, text: str = TEXT) -> list[str]:
    found = re.search(rf"\tchain {name} {{\n(.*?)\t}}\n", text, re.DOTALL)
    assert found is not None
    return found[1].replace("\t", "").splitlines()


def stamped(table: Table, among: str) -> dict[tuple[int, int], str]:
    """By mark and stamp the chain of what is judged already."""
    rules = next(one for one in table.chains if one.name == among).rules
    flows = next((rule.action.flows for rule in rules if isinstance(rule.action, ByStamp)), ())
    return {(one.mark, one.stamp): one.chain for one in flows}


def test_what_is_judged_for_good_on_an_open_line_has_a_lane_and_nothing_else() -> None:
    opened = {mark_of(name) for name in POLICIES.names if not POLICIES.profile(name).restricted}
    lanes = {(lane.mark, lane.stamp) for lane in TABLE.lanes}
    assert lanes
    for hook in ("forward", "to_phone"):
        judged = set(stamped(TABLE, hook))
        assert lanes < judged
        assert lanes == {one for one in judged if one[0] in opened}


def test_what_a_restricted_line_may_reach_leaves_without_a_mark_to_be_learnt() -> None:
    chains = {one.name: one for one in TABLE.chains}
    lanes = {(lane.mark, lane.stamp) for lane in TABLE.lanes}
    others = [chain for judged, chain in stamped(TABLE, "forward").items() if judged not in lanes]
    assert others
    assert not any(isinstance(rule.action, SetMark) for name in others for rule in chains[name].rules)


def test_it_leaves_with_its_stamp_as_mark_counted_as_what_it_is_in_its_lane() -> None:
    chains = {one.name: one for one in TABLE.chains}
    for lane in TABLE.lanes:
        actions = [rule.action for rule in chains[stamped(TABLE, "forward")[lane.mark, lane.stamp]].rules]
        assert {action.mark for action in actions if isinstance(action, Count)} == {lane.use}
        assert [action.mark for action in actions if isinstance(action, SetMark)] == [lane.stamp]


def test_only_that_is_learnt_and_only_from_what_leaves() -> None:
    rules = chain("learn")
    assert {rule.partition(" update @")[0] for rule in rules} == {f"meta mark {lane.stamp:#x}" for lane in TABLE.lanes}
    assert TEXT.count("egress") == 1


def test_every_packet_is_asked_for_the_mark_of_its_line() -> None:
    for name, address in (
        ("go_up4", "ip saddr"),
        ("go_down4", "ip daddr"),
        ("go_up6", "ip6 saddr"),
        ("go_down6", "ip6 daddr"),
    ):
        rules = chain(name)
        sent = [rule for rule in rules if " fwd " in rule]
        assert len(sent) == len(TABLE.lanes)
        asked = next(rule for rule in rules if rule.startswith("meta mark set 0 "))
        assert asked.startswith(f"meta mark set 0 meta mark set {address}")
        assert rules.index(asked) < min(map(rules.index, sent))
        for rule, lane in zip(sent, TABLE.lanes, strict=True):
            assert rule.startswith(f"meta mark {lane.mark:#x} ")
            assert f"@lane{name[-1]}_{lane.stamp:x} meta mark set {lane.use:#x} update @lane_{name[3:-1]}" in rule
        assert rules[-1] == "meta mark set 0"


def test_what_connection_tracking_or_a_sender_has_to_hear_of_goes_the_long_way() -> None:
    for version, hops in ((4, "ip ttl < 2 accept"), (6, "ip6 hoplimit < 2 accept")):
        for name in ("up", "down"):
            rules = chain(f"{name}{version}")
            first = next(index for index, rule in enumerate(rules) if "goto" in rule)
            assert rules[first] == f"tcp flags & (fin | syn | rst | ack) == ack goto go_{name}{version}"
            assert hops in rules[:first]
            assert not any("fwd" in rule for rule in rules)


def test_what_begins_a_connection_has_no_lane_left_of_another() -> None:
    for version in (4, 6):
        emptied = [rule.split(" @")[1].split()[0] for rule in chain(f"up{version}") if "tcp flags & syn" in rule]
        assert emptied == [f"lane{version}_{lane.stamp:x}" for lane in TABLE.lanes]


def test_other_rules_know_no_lane_of_these() -> None:
    later = compile_table(POLICIES, PLAN, stamps_from=TABLE.next_stamp)
    text = render_lanes(later, PLAN, TABLE)
    gone = {f"delete set netdev nfemu lane{version}_{lane.stamp:x}" for lane in TABLE.lanes for version in (4, 6)}
    lines = text.splitlines()
    assert gone <= set(lines)
    after = lines.index("table netdev nfemu {")
    assert all(f"flush chain netdev nfemu {name}" in lines[:after] for name in ("up4", "down6", "come", "learn"))
    assert not any(re.search(rf"lane[46]_{lane.stamp:x}\b", "\n".join(lines[after:])) for lane in TABLE.lanes)


def test_what_a_cap_may_end_has_none() -> None:
    capped = PolicyProfile(OPEN, Verdict.ALLOW, limits=Limits(daily_cap=1000))
    table = compile_table(PolicySet.build((), [capped]), PLAN)
    assert table.lanes == ()
    assert "fwd" not in render_lanes(table, PLAN)


def test_a_flip_is_the_same_elements_in_either_table() -> None:
    flip = change_line(SteeredLine(LINE, OPEN), SteeredLine(LINE, ARREARS))
    assert f"add element netdev nfemu policy4 {{ 10.45.0.2 : {mark_of(ARREARS):#x} }}\n" in render_lines(flip)
    assert render_lines(every_line(())) == "flush map netdev nfemu policy4\nflush map netdev nfemu policy6\n"
    assert render_lines(plug("ue1", LINE)) == ""


def test_a_phone_uses_lanes_by_its_own_addresses_from_its_own_link() -> None:
    assert render_let_in("ue7", LINE).splitlines() == [
        'add chain netdev nfemu ue7 { type filter hook ingress device "ue7" priority 0; policy accept; }',
        "flush chain netdev nfemu ue7",
        "add rule netdev nfemu ue7 ip protocol tcp ip saddr 10.45.0.2 goto up4",
        "add rule netdev nfemu ue7 ip6 nexthdr tcp ip6 saddr 2001:db8:4500:2::/64 goto up6",
    ]


def test_an_address_leads_to_one_interface_at_a_time() -> None:
    source = IPv4Address("10.45.0.2")
    assert render_ways((source,), {source: "ue8", IPv6Address("2001:db8:4500:2::"): "ue8"}).splitlines() == [
        "delete element netdev nfemu ways4 { 10.45.0.2 }",
        'add element netdev nfemu ways4 { 10.45.0.2 : "ue8" }',
        'add element netdev nfemu ways6 { 2001:db8:4500:2:: : "ue8" }',
    ]
    assert render_ways((), {}) == ""


def test_of_an_interface_that_is_gone_nothing_is_left_whether_the_kernel_has_removed_its_chain_or_not() -> None:
    assert render_let_out("ue7").splitlines() == [
        "add chain netdev nfemu ue7",
        "flush chain netdev nfemu ue7",
        "delete chain netdev nfemu ue7",
    ]


def test_what_is_tried_out_is_all_that_lanes_are_made_of_and_is_removed_again() -> None:
    tried = render_trial(PLAN)
    for part in (
        "hook ingress",
        "hook egress",
        "fwd ip to",
        "fwd ip6 to",
        "ways4 {",
        "ways6 {",
        "goto up6",
        "ct state",
    ):
        assert part in tried
    removed = re.findall(r"^delete table (.+)$", render_trial_end(), re.MULTILINE)
    assert set(removed) == set(re.findall(r"^add table (.+)$", tried, re.MULTILINE))
