"""What a reload shows of the files: file, subject, effect, and whom it concerns."""

from pathlib import Path

import pytest

from nfemu.bootstrap.ports import BoundPorts
from nfemu.bootstrap.reload.changes import Concerned, changes
from nfemu.bootstrap.reload.fixed import refuse_fixed
from nfemu.model.errors import Conflict
from nfemu.model.identity import Msisdn, PolicyName, ProfileName
from nfemu.model.subscriber import OrderedProfile
from nfemu.settings import load
from tests.settings.conftest import SHIPPED, Change

CONCERNED = Concerned(
    {ProfileName("green"): 3},
    {PolicyName("arrears"): 3, PolicyName("open"): 1},
    {OrderedProfile.ARREARS: 4, OrderedProfile.BARRED: 2},
)

SEEN = [
    ("carrier", "timezone: Asia/Shanghai", "timezone: Europe/Berlin", "timezone: Asia/Shanghai → Europe/Berlin"),
    ("carrier", "language: zh", "language: en", "language: zh → en"),
    ("carrier", '["110", "119", "120"]', '["112"]', "emergency: 110, 119, 120 → 112"),
    ("carrier", "zh: 示例移动", "zh: 移动", "name: zh 示例移动 → 移动"),
    ("carrier", "access: auto", "access: proxy", "access: auto → proxy"),
    ("carrier", "internet: emulated", "internet: real", "internet: emulated → real"),
    ("carrier", "port: 8600}", "port: 8600, names: [a.example]}", "api: names none → a.example"),
    ("carrier", '"13800138001": 8621', '"13800138002": 8621', "proxy: - listener 13800138001"),
    ("carrier", '"13800138001": 8621', '"13800138002": 8621', "proxy: + listener 13800138002 8621"),
    ("carrier", "workers: 2", "workers: 3", "proxy: workers 2 → 3"),
    (
        "carrier",
        "  # upstream:",
        '  upstream: {http: "http://127.0.0.1:9000"} #',
        "portal: upstream http none → http://127.0.0.1:9000, ue_address xff",
    ),
    ("apns", "hold: 10m}\n  green", "hold: 11m}\n  green", "pool internet: hold 0:10:00 → 0:11:00"),
    (
        "apns",
        "uplink: 1M, downlink: 1M",
        "uplink: 1500, downlink: 2M",
        "profile green: ambr uplink 1M → 1500; 3 sessions updated",
    ),
    ("apns", "  barred:  ", "  shut: {apn: internet, gives_ip: false}\n  barred:  ", "profile shut: new"),
    ("apns", "arrears: green", "arrears: barred", "ordered: arrears green → barred"),
    ("apns", "qci: 9\n    arp: 12", "qci: 8\n    arp: 12", "profile green: qci 9 → 8; 3 sessions updated"),
    (
        "policies",
        "[pay.provider.example]",
        "[pay.provider.example, pay2.example]",
        "profile arrears: + host pay2.example (payment) on ports 80, 443; affects 3 restricted lines",
    ),
    (
        "policies",
        "[pay.provider.example]",
        "[pay.provider.example]\n    networks: [198.51.100.0/24]",
        "profile arrears: + network 198.51.100.0/24 (payment) on ports 80, 443; affects 3 restricted lines",
    ),
    (
        "policies",
        "trusted: true",
        "ports: [80, 443, 8080]\n    trusted: true",
        (
            "profile open: host portal.carrier.example (portal) on ports 80, 443, trusted → "
            "on ports 80, 443, 8080, trusted; affects 1 open line"
        ),
    ),
    (
        "policies",
        "source: built-in provider",
        "source: another provider",
        "profile arrears: source (payment) built-in provider → another provider; affects 3 restricted lines",
    ),
    (
        "policies",
        "    default: allow",
        "    default: reject",
        "profile open: default allow → reject; affects 1 restricted line",
    ),
    (
        "policies",
        "profiles:\n",
        "profiles:\n  shut: {default: reject}\n",
        "profile shut: new; affects 0 restricted lines",
    ),
    (
        "enrichment",
        "encoding: plain}      #",
        "encoding: token} #",
        "headers: X-MSISDN msisdn, plain, 60 s → msisdn, token, 60 s",
    ),
    ("enrichment", "  - X-UIDH\n", "", "aliases: - X-UIDH"),
    ("enrichment", "  - User-Id", "  - uid\n  - User-Id", "cookies: + uid"),
    (
        "dunning",
        "order_expiry: 15m",
        "order_expiry: 16m",
        "order_expiry: 0:15:00 → 0:16:00; for payment orders from now on",
    ),
    (
        "dunning",
        "open_orders: 10",
        "open_orders: 3",
        "open_orders: 10 → 3; for payment orders from now on",
    ),
    (
        "dunning",
        "credit_limit: 0.00",
        "credit_limit: 5",
        (
            "credit_limit: 0.00 → 5.00; for 24 accounts without a limit of their own; "
            "lines are stopped or resumed where that changes standing"
        ),
    ),
    (
        "dunning",
        "profile: arrears",
        "profile: barred",
        "restricted_profile: arrears → barred; moves 4 restricted lines",
    ),
    (
        "dunning",
        "voice_wave: 3",
        "voice_wave: 2",
        "graded.reminders: voice_wave 3 → 2; accounts are looked at anew; lines that are stopped stay so",
    ),
    (
        "dunning",
        "delay: 7, notice: 120m",
        "delay: 6, notice: 120m",
        (
            "levels: 10 7 d, 2:00:00, ¥30.00, wechat → 6 d, 2:00:00, ¥30.00, wechat; "
            "accounts are looked at anew; lines that are stopped stay so"
        ),
    ),
    (
        "dunning",
        "without: []",
        "without: [S9]",
        "without: + S9; accounts are looked at anew; lines that are stopped stay so",
    ),
    (
        "dunning",
        "enabled: true",
        "enabled: false",
        "detection.enabled: true → false; for requests that are blocked from now on",
    ),
    (
        "dunning",
        "after_stop_notice: 30m",
        "after_stop_notice: 1h",
        "detection.after_stop_notice: 0:30:00 → 1:00:00; for requests that are blocked from now on",
    ),
    (
        "dunning",
        "cap: 200.00",
        "cap: 300.00",
        (
            "auto_deduct.cap: 200.00 → 300.00; for agreements from now on that name none; "
            "those that are signed keep theirs"
        ),
    ),
    (
        "dunning",
        "retry: 10m",
        "retry: 20m",
        "auto_deduct.retry: 0:10:00 → 0:20:00; for every deduction that stays without an answer from now on",
    ),
    (
        "dunning",
        "give_up: 24h",
        "give_up: 12h",
        (
            "auto_deduct.give_up: 1 day, 0:00:00 → 12:00:00; also for deductions that wait for an answer, "
            "when they are asked about next"
        ),
    ),
    ("dunning", "per_minute: 30000", "per_minute: 600", "orders.network: per_minute 30000 → 600"),
    ("dunning", "attempts: 5", "attempts: 3", "orders.attempts: 5 → 3; for orders that are refused from now on"),
    ("dunning", "base: 50", "base: 40", "credit.base: 50 → 40; for levels that are computed from now on"),
    (
        "dunning",
        "stops: {0: 15, 1: 0,",
        "stops: {0: 15, 1: -1,",
        "credit.points.stops: from 1 0 → -1; for levels that are computed from now on",
    ),
    (
        "dunning",
        "months, at_least: 24",
        "months, at_least: 36",
        "credit.tags.long-standing: at_least 24 → 36; for levels that are computed from now on",
    ),
    ("internet", "status: 500", "status: 503", "site broken.example: status 500 → 503"),
    ("internet", "cdn-b.example]", "cdn-c.example]", "shared: + cdn-a.example, cdn-c.example"),
]


@pytest.mark.parametrize(("file", "old", "new", "line"), SEEN)
def test_a_difference(folder: Path, change: Change, file: str, old: str, new: str, line: str) -> None:
    change(file, old, new)
    found = changes(load(SHIPPED), load(folder), CONCERNED)
    assert {one.file for one in found} == {f"{file}.yaml"}
    assert all(one.applied for one in found)
    lines = [f"{one.subject}: {one.change}" + (f"; {one.note}" if one.note else "") for one in found]
    assert line in lines, lines


def test_how_many_accounts_of_a_csv_file_have_a_limit_of_their_own_is_not_counted(folder: Path, change: Change) -> None:
    (folder / "people.csv").write_text("number,imsi\n13700000000,460007000000000\n")
    change("subscribers", "attach: listed", "attach: listed\ncsv: people.csv")
    before = load(folder)
    change("dunning", "credit_limit: 0.00", "credit_limit: 5")
    (one,) = changes(before, load(folder), CONCERNED)
    assert one.note.startswith("for 24 accounts without a limit of their own and those of the CSV file; ")


def test_a_profile_of_a_known_card_is_for_a_person_to_order(folder: Path, change: Change) -> None:
    change("subscribers", "account: zhang,", "account: zhang, profile: inflight,")
    (one,) = changes(load(SHIPPED), load(folder), CONCERNED)
    assert (one.subject, one.change, one.applied) == ("13800138000", "profile: open → inflight", False)
    assert one.note == "`nfemu profile 13800138000 inflight`"


def test_a_group_that_goes_takes_along_whose_it_was(folder: Path, change: Change) -> None:
    change("policies", "allow: [payment, wechat-pay, inflight-page,", "allow: [inflight-page,")
    change("policies", "essential: [payment, wechat-pay, inflight-page,", "essential: [inflight-page,")
    found = [one.change for one in changes(load(SHIPPED), load(folder), CONCERNED)]
    assert found == [
        "essential payment, inflight-page, captive-api → inflight-page, captive-api",
        "- host pay.provider.example (payment)",
    ]


def test_no_difference() -> None:
    assert changes(load(SHIPPED), load(SHIPPED), CONCERNED) == []


def test_the_real_internet_comes_by_reload_where_there_are_no_bearers(folder: Path, change: Change) -> None:
    change("carrier", "internet: emulated", "internet: real")
    with pytest.raises(Conflict, match="`internet` changed, but where the lines' networks lead is laid at the start"):
        refuse_fixed(load(SHIPPED), load(folder))
    by_proxy = {"carrier.access": "proxy"}
    refuse_fixed(load(SHIPPED, by_proxy), load(folder, by_proxy))


def test_everything_that_is_fixed_is_named_in_one_go(folder: Path, change: Change) -> None:
    change("carrier", "clock: wall ", "clock: test ")
    change("carrier", 'mnc: "00"', 'mnc: "01"')
    with pytest.raises(Conflict) as refused:
        refuse_fixed(load(SHIPPED), load(folder))
    assert str(refused.value) == (
        "nothing was applied: carrier.yaml `clock` changed, but business time cannot go over to another clock under "
        "orders that wait for their hour; carrier.yaml `plmn` changed, but the cards were made for the old network; "
        "set it back, or use `nfemu down` and `nfemu up`"
    )
    refuse_fixed(load(folder), load(folder))


def test_ports_follow_the_settings_that_differ(folder: Path, change: Change) -> None:
    """What was bound stays bound, be it by other numbers than the files have."""
    one, two = (Msisdn(f"861380013800{index}") for index in (0, 1))
    bound = BoundPorts(5000, 5001, 5002, {one: 5003, two: 5004})
    before = load(SHIPPED)
    assert bound.following(before, before) == bound
    change("carrier", "http_port: 8610", "http_port: 9610")
    change("carrier", '"13800138001": 8621', '"13800138002": 8621')
    assert bound.following(before, load(folder)) == BoundPorts(
        5000, 9610, 5002, {one: 5003, Msisdn("8613800138002"): 8621}
    )
