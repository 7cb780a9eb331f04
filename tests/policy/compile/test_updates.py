"""Batches in nft's words, and what they do to a table that is not as was thought."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from itertools import product

import pytest

from nfemu.model.identity import PolicyName
from nfemu.model.policy import Limits
from nfemu.policy.compile.compiler import compile_table
from nfemu.policy.compile.marks import mark_of
from nfemu.policy.compile.render import render_batch, render_removal, render_table
from nfemu.policy.compile.steering import GATEWAY_ON_LINK, PHONE_ON_LINK
from nfemu.policy.compile.table import AT_ONCE, FIRST_STAMP, State
from nfemu.policy.compile.table import Verdict as Ends
from nfemu.policy.compile.updates import (
    LineAddresses,
    SteeredLine,
    bind,
    cap,
    change_line,
    every_line,
    lead,
    named_ports,
    plug,
    trust,
    uncap,
    unplug,
)
from nfemu.policy.rules import PolicySet
from tests.policy.compile.plane import Plane, Refused, Seen
from tests.policy.compile.worlds import LINE, OTHER, PLAN
from tests.policy.making import NOW
from tests.policy.test_rules import GROUPS, POLICIES, PROFILES

OPEN, ARREARS = PolicyName("open"), PolicyName("arrears")
AT = ip_address("198.18.0.1")
TABLE = compile_table(POLICIES, PLAN)
HELLO = Seen("ue1", "inet0", ip_address("10.45.0.2"), ip_address("203.0.113.7"), 6, 40000, 5432)


def test_a_flip_is_one_element_for_each_address() -> None:
    assert render_batch(change_line(SteeredLine(LINE, OPEN), SteeredLine(LINE, ARREARS))) == (
        "delete element inet nfemu policy4 { 10.45.0.2 }\n"
        "delete element inet nfemu policy6 { 2001:db8:4500:2:: }\n"
        f"add element inet nfemu policy4 {{ 10.45.0.2 : {mark_of(ARREARS):#x} }}\n"
        f"add element inet nfemu policy6 {{ 2001:db8:4500:2:: : {mark_of(ARREARS):#x} }}\n"
    )


def test_what_does_not_change_is_not_touched() -> None:
    line = SteeredLine(LINE, OPEN)
    assert change_line(line, line) == ()
    assert change_line(None, None) == ()
    only6 = SteeredLine(replace(LINE, ipv4=None), OPEN)
    assert render_batch(change_line(line, only6)) == "delete element inet nfemu policy4 { 10.45.0.2 }\n"
    assert change_line(SteeredLine(LineAddresses(None, None), OPEN), SteeredLine(LINE, None)) == ()


def test_a_line_that_was_thought_to_be_there_changes_nothing() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply(plug("ue1", LINE))
    plane.apply(change_line(None, SteeredLine(LINE, ARREARS)))
    with pytest.raises(Refused):
        plane.apply((*change_line(SteeredLine(LINE, ARREARS), None), *change_line(SteeredLine(OTHER, OPEN), None)))
    with pytest.raises(Refused):
        plane.apply(change_line(None, SteeredLine(LINE, OPEN)))
    assert plane.enter(HELLO).verdict is Ends.RESET
    plane.apply(every_line([SteeredLine(LINE, OPEN)]))
    assert plane.enter(HELLO).verdict is Ends.ACCEPT


def test_unplugged_sources_are_dropped() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply((*plug("ue1", LINE), *plug("ue2", OTHER), *change_line(None, SteeredLine(LINE, OPEN))))
    assert plane.enter(replace(HELLO, in_from="ue2")).verdict is Ends.DROP
    assert plane.enter(HELLO).verdict is Ends.ACCEPT
    plane.apply(unplug("ue1", LINE))
    assert plane.enter(HELLO).verdict is Ends.DROP


def test_neighbours_that_do_the_same_are_one_command() -> None:
    lines = [SteeredLine(LINE, OPEN), SteeredLine(OTHER, OPEN)]
    mark = f"{mark_of(OPEN):#x}"
    assert render_batch(every_line(lines)) == (
        "flush map inet nfemu policy4\n"
        "flush map inet nfemu policy6\n"
        f"add element inet nfemu policy4 {{ 10.45.0.2 : {mark}, 10.45.0.3 : {mark} }}\n"
        f"add element inet nfemu policy6 {{ 2001:db8:4500:2:: : {mark}, 2001:db8:4500:3:: : {mark} }}\n"
    )


def test_a_mark_that_a_packet_brings_is_worth_nothing() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply(plug("ue1", LINE))
    brought = replace(HELLO, mark=mark_of(OPEN))
    assert plane.enter(brought).verdict is Ends.RESET
    answer = Seen("inet0", "ue1", HELLO.target, HELLO.source, 6, 5432, 40000, state=State.ESTABLISHED)
    assert plane.enter(replace(answer, mark=mark_of(OPEN))).verdict is Ends.RESET


def test_protocols_that_the_filter_cannot_refuse_have_no_way() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply(plug("ue1", LINE))
    before = None
    for policy, verdict in ((None, Ends.PROHIBIT), (OPEN, Ends.ACCEPT), (ARREARS, Ends.PROHIBIT)):
        line = SteeredLine(LINE, policy)
        plane.apply(change_line(before, line))
        before = line
        # SCTP that belongs to no association, to connection tracking
        for protocol, state in ((4, State.NEW), (132, State.NEW), (132, State.INVALID)):
            dropped = policy is OPEN and state is State.INVALID
            end = plane.enter(replace(HELLO, protocol=protocol, state=state))
            assert end.verdict is (Ends.DROP if dropped else verdict), (policy, protocol)


def test_nobody_outside_opens_a_flow_to_a_phone() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply((*plug("ue1", LINE), *change_line(None, SteeredLine(LINE, OPEN))))
    call = Seen("inet0", "ue1", HELLO.target, HELLO.source, 6, 5432, 40000)
    assert plane.enter(call).verdict is Ends.DROP
    assert plane.enter(replace(call, state=State.INVALID)).verdict is Ends.DROP
    assert plane.enter(replace(call, in_from="ue2")).verdict is Ends.DROP
    assert plane.enter(replace(call, state=State.ESTABLISHED)).verdict is Ends.ACCEPT


def test_errors_about_known_flows_reach_the_phone() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply(change_line(None, SteeredLine(LINE, ARREARS)))
    error = Seen("inet0", "ue1", HELLO.target, HELLO.source, 1, state=State.RELATED)
    assert plane.enter(error).verdict is Ends.ACCEPT
    assert plane.enter(replace(error, protocol=17)).verdict is Ends.DROP


def test_a_flow_is_asked_once_until_the_rules_change() -> None:
    """Nobody but the table that gave the stamp takes it for anything."""
    plane = Plane(TABLE, NOW)
    plane.apply((*plug("ue1", LINE), *change_line(None, SteeredLine(LINE, OPEN))))
    assert plane.enter(HELLO).verdict is Ends.ACCEPT
    stamp = plane.flow_mark
    assert FIRST_STAMP <= stamp < TABLE.next_stamp
    later = compile_table(POLICIES, PLAN, stamps_from=TABLE.next_stamp)
    plane.load(later)
    assert plane.enter(replace(HELLO, state=State.ESTABLISHED, flow_mark=stamp)).verdict is Ends.ACCEPT
    assert TABLE.next_stamp <= plane.flow_mark < later.next_stamp
    fewer = PolicySet.build(GROUPS, PROFILES[1:])
    plane.load(compile_table(fewer, PLAN, stamps_from=later.next_stamp))
    for mark in (stamp, plane.flow_mark):
        assert plane.enter(replace(HELLO, state=State.ESTABLISHED, flow_mark=mark)).verdict is Ends.RESET


def test_an_error_about_a_flow_is_not_the_flow() -> None:
    """It goes elsewhere than the flow does: it neither stamps that, nor goes where only the flow may."""
    plane = Plane(TABLE, NOW)
    plane.apply((*plug("ue1", LINE), *change_line(None, SteeredLine(LINE, OPEN))))
    error = replace(HELLO, protocol=1, state=State.RELATED)
    assert plane.enter(error).verdict is Ends.ACCEPT
    assert plane.flow_mark == 0
    plane.enter(HELLO)
    stamped = replace(error, flow_mark=plane.flow_mark)
    plane.apply(change_line(SteeredLine(LINE, OPEN), SteeredLine(LINE, ARREARS)))
    assert plane.enter(stamped).verdict is Ends.PROHIBIT


def test_what_elements_may_forbid_later_is_asked_at_every_packet() -> None:
    """HTTP to an address whose name comes to be trusted; what a cap ends."""
    capped = replace(PROFILES[0], limits=Limits(daily_cap=1))
    for profiles, port in (((PROFILES), 80), ((capped, *PROFILES[1:]), 5432)):
        plane = Plane(compile_table(PolicySet.build(GROUPS, profiles), PLAN), NOW)
        plane.apply((*plug("ue1", LINE), *change_line(None, SteeredLine(LINE, OPEN))))
        assert plane.enter(replace(HELLO, to_port=port)).verdict is Ends.ACCEPT
        assert plane.flow_mark == 0


def test_the_core_hears_neighbours_itself_and_answers() -> None:
    plane = Plane(TABLE, NOW)
    solicitation = Seen("inet0", "", ip_address("fe80::2"), ip_address("fe80::1"), 58, icmp6_type=135)
    assert plane.enter(solicitation).verdict is Ends.ACCEPT
    assert plane.enter(replace(solicitation, icmp6_type=133)).verdict is Ends.DROP
    own = Seen("lo", "", ip_address("127.0.0.1"), ip_address("127.0.0.1"), 6)
    assert plane.enter(own).verdict is Ends.ACCEPT
    answer = Seen("inet0", "", HELLO.target, ip_address("192.0.2.1"), 6, state=State.ESTABLISHED)
    assert plane.enter(answer).verdict is Ends.ACCEPT
    assert plane.enter(replace(answer, state=State.NEW)).verdict is Ends.DROP


def test_a_phone_may_ask_for_its_gateway_and_is_nobody_new() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply(plug("ue1", LINE))
    solicitation = Seen("ue1", "", ip_address("fe80::2"), ip_address("fe80::1"), 58, icmp6_type=135)
    own = ip_address("2001:db8:4500:2::77")
    for source in (solicitation.source, own, ip_address("::")):
        assert plane.enter(replace(solicitation, source=source)).verdict is Ends.ACCEPT
        assert plane.heard_from in (ip_address("fe80::2"), ip_address("::"))
    for source in (ip_address("fe80::3"), ip_address("2001:db8:4500:3::77")):
        assert plane.enter(replace(solicitation, source=source)).verdict is Ends.DROP
    for kind in (134, 136, 137):
        assert plane.enter(replace(solicitation, icmp6_type=kind)).verdict is Ends.PROHIBIT
        assert plane.enter(replace(solicitation, source=own, icmp6_type=kind)).verdict is Ends.PROHIBIT


def test_a_phone_may_ask_for_routers_as_nobody_new() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply((*plug("ue1", LINE), *plug("ue2", OTHER)))
    asked = Seen("ue1", "", PHONE_ON_LINK, ip_address("ff02::2"), 58, icmp6_type=133)
    for source, target in product((PHONE_ON_LINK, ip_address("::")), (ip_address("ff02::2"), GATEWAY_ON_LINK)):
        assert plane.enter(replace(asked, source=source, target=target)).verdict is Ends.ACCEPT
    for refused in (
        replace(asked, hops=254),
        replace(asked, target=ip_address("ff02::1")),
        replace(asked, source=ip_address("2001:db8:4500:2::77")),
        replace(asked, icmp6_type=134),
    ):
        assert plane.enter(refused).verdict is Ends.PROHIBIT
    assert plane.enter(replace(asked, source=ip_address("fe80::3"))).verdict is Ends.DROP


def test_who_asks_for_routers_again_and_again_takes_nobody_s_turn() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply((*plug("ue1", LINE), *plug("ue2", OTHER)))
    asked = Seen("ue1", "", PHONE_ON_LINK, ip_address("ff02::2"), 58, icmp6_type=133)
    ended = [plane.enter(asked).verdict for _ in range(AT_ONCE + 3)]
    assert ended == [Ends.ACCEPT] * AT_ONCE + [Ends.PROHIBIT] * 3
    assert plane.enter(replace(asked, in_from="ue2")).verdict is Ends.ACCEPT
    plane.now += timedelta(seconds=1)
    assert [plane.enter(asked).verdict for _ in range(2)] == [Ends.ACCEPT, Ends.PROHIBIT]


def test_what_else_comes_from_a_phones_link_is_refused() -> None:
    plane = Plane(TABLE, NOW)
    plane.apply((*plug("ue1", LINE), *change_line(None, SteeredLine(LINE, OPEN))))
    for protocol in (6, 17):
        asked = Seen("ue1", "", ip_address("fe80::2"), ip_address("fe80::1"), protocol, 40000, 53)
        assert plane.enter(asked).verdict is Ends.PROHIBIT
        assert plane.enter(replace(asked, out_to="inet0")).verdict in {Ends.RESET, Ends.PROHIBIT}


def test_a_binding_lasts_as_long_as_the_longest_for_its_address() -> None:
    bindings = {("a.test", AT): NOW + timedelta(seconds=9.5), ("b.test", AT): NOW + timedelta(seconds=3)}
    assert render_batch(bind(LINE, AT, bindings, NOW)) == (
        "add element inet nfemu bound4 { 10.45.0.2 . 198.18.0.1 timeout 10s }\n"
        "delete element inet nfemu bound4 { 10.45.0.2 . 198.18.0.1 }\n"
        "add element inet nfemu bound4 { 10.45.0.2 . 198.18.0.1 timeout 10s }\n"
    )
    assert bind(LINE, AT, bindings, NOW + timedelta(seconds=10)) == ()
    assert bind(LINE, ip_address("198.18.0.2"), bindings, NOW) == ()
    assert bind(replace(LINE, ipv4=None), AT, bindings, NOW) == ()


def test_trust_is_for_the_http_ports_of_trusted_names() -> None:
    assert render_batch(trust(POLICIES, PLAN, "portal.carrier.example", AT, None)) == (
        "add element inet nfemu trusted4 { 198.18.0.1 . 80, 198.18.0.1 . 8080 }\n"
        "delete element inet nfemu trusted4 { 198.18.0.1 . 80, 198.18.0.1 . 8080 }\n"
        "add element inet nfemu trusted4 { 198.18.0.1 . 80, 198.18.0.1 . 8080 }\n"
    )
    lasting = render_batch(trust(POLICIES, PLAN, "portal.carrier.example", ip_address("2001:2::1"), 60))
    assert "trusted6 { 2001:2::1 . 80 timeout 60s, 2001:2::1 . 8080 timeout 60s }" in lasting
    assert trust(POLICIES, PLAN, "pay.test", AT, None) == ()


def test_a_name_that_a_restricted_line_may_reach_is_read_on_its_own_ports() -> None:
    assert named_ports(POLICIES, PLAN, "portal.carrier.example") == [80, 443, 8080]
    assert named_ports(POLICIES, PLAN, "quiz.campus.test") == [8081]
    assert named_ports(POLICIES, PLAN, "news.example") == []
    assert render_batch(lead(AT, (80, 443), None)) == (
        "add element inet nfemu named4 { 198.18.0.1 . 80, 198.18.0.1 . 443 }\n"
        "delete element inet nfemu named4 { 198.18.0.1 . 80, 198.18.0.1 . 443 }\n"
        "add element inet nfemu named4 { 198.18.0.1 . 80, 198.18.0.1 . 443 }\n"
    )
    assert "named6 { 2001:2::1 . 443 timeout 60s }" in render_batch(lead(ip_address("2001:2::1"), (443,), 60))
    assert lead(AT, (), None) == ()


def test_interfaces_are_quoted() -> None:
    assert render_batch(plug("ue1", LINE)).splitlines()[0] == 'add element inet nfemu lines4 { "ue1" . 10.45.0.2 }'
    assert render_batch(every_line(())) == "flush map inet nfemu policy4\nflush map inet nfemu policy6\n"


def test_chains_of_profiles_that_are_gone_are_removed() -> None:
    fewer = compile_table(PolicySet.build(GROUPS, PROFILES[:1]), PLAN)
    reloaded = render_table(fewer, TABLE).splitlines()
    assert reloaded[:2] == ["add table inet nfemu", "flush table inet nfemu"]
    gone = [line.split()[-1] for line in reloaded if line.startswith("delete chain inet nfemu ")]
    assert [name for name in gone if not name.startswith(("use_", "judged_", "known_"))] == [
        f"{hook}_{name}" for name in ("arrears", "training") for hook in ("steer", "up", "down")
    ]
    assert not set(gone) & {chain.name for chain in fewer.chains}
    assert "delete" not in render_table(fewer)


def test_a_table_is_removed_whether_it_is_there_or_not() -> None:
    assert render_removal().splitlines() == ["add table inet nfemu", "delete table inet nfemu"]


def test_a_cap_is_of_one_profile_and_is_taken_back_whether_it_is_there_or_not() -> None:
    mark = mark_of(ARREARS)
    only4 = replace(LINE, ipv6=None)
    there = f"element inet nfemu capped4 {{ {mark} . 10.45.0.2 }}\n"
    assert render_batch(cap(only4, ARREARS)) == f"add {there}"
    assert render_batch(uncap(only4, ARREARS)) == f"add {there}delete {there}"
