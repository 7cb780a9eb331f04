"""Subscribers from lists, ranges and CSV: nobody twice, everybody with an account, static addresses where they fit."""

from ipaddress import IPv4Address, IPv6Network
from pathlib import Path

import pytest

from nfemu.model.account import AccountKind
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.subscriber import CardRole, Segment
from nfemu.settings import load
from tests.settings.conftest import Change, findings

LISTED = '  - {number: "13800138011"'


@pytest.fixture
def people(folder: Path, change: Change) -> Path:
    """The CSV file's path; naming it in `subscribers.yaml` is done."""
    change("subscribers", "# csv: people.csv", "csv: people.csv")
    return folder / "people.csv"


MISTAKES = [
    ("account: li,", "account: lee,", "10: account `lee` does not exist; write one of"),
    ("account: wang, role", "account: acme2, role", "12: account `acme2` does not exist; did you mean `acme`?"),
    ("account: wang, language: zh", "language: zh", "12: account `wang` has no main card; add one, or write"),
    ("account: wang, role", "role", "12: a secondary card has no account of its own; add `account:` with"),
    ("account: li, language", "account: li, balance: 1, language", "10: `balance` belongs to the account; set it unde"),
    ("account: li, language", "balance: x, language", "10: `subscribers[2].balance`: `x` is not an amount in CNY"),
    ('"13800138001"', '"+86 138-0013-8000"', "10: number `13800138000` is already given on line 9; every number may"),
    ('"460001380013801"', '"460001380013800"', "10: IMSI `460001380013800` is already given on line 9; every IMSI"),
    ('"13800138001"', '"12"', "10: `subscribers[2].number`: `12` is not a phone number"),
    ('"460001380013801"', '"46000x"', "10: `subscribers[2].imsi`: IMSI `46000x` is not 6 to 15 digits"),
    ("  li: {balance: 100.00", "  li: {balance: 100.001", "4: `accounts.li.balance`: `100.001` is not an amount in CN"),
    ("  li: {balance: 100.00", "  li: {balance: ten", "4: `accounts.li.balance`: `ten` is not an amount in CNY"),
    ("  li: {", "  '42': {}\n  li: {", "4: account `42` is all digits, as only accounts of single numbers are"),
    ("  li: {", "  lu: {credit_limit: -1}\n  li: {", "4: `accounts.lu.credit_limit`: credit limit `-1` is negative"),
    ('first_number: "13900000000"', 'first_number: "13800137990"', "18: number `13800138000` is already given on line"),
    ('first_imsi: "460009000000000"', 'first_imsi: "460001380013790"', "18: IMSI `460001380013800` is already given o"),
    ('first_imsi: "460009000000000"', 'first_imsi: "999999999999990"', "18: `999999999999990` and the 19 behind it ru"),
    ('first_number: "13900000000"', 'first_number: "+9999999999999"', "18: `9999999999999` and the 19 behind it run"),
    ('first_number: "13900000000"', "first_number: many", "18: `ranges[1].first_number`: `many` is not a phone number"),
    ("count: 20,", "count: 20, profile: flight,", "18: `profile`: APN profile `flight` is not in apns.yaml; a line"),
    ("count: 20,", "count: 20, profile: green,", "18: `profile`: APN profile `green` restricts a line; `nfemu restr"),
    ("count: 20,", "count: 0,", "18: `ranges[1].count`: `0` is too low; write 1 or more"),
    ("count: 20, balance: 50.00", "count: 20, balance: 50.001", "18: `ranges[1].balance`: `50.001` is not an amount i"),
    (LISTED, LISTED + ", static_ipv4: 10.46.0.5", "14: `subscribers[6].static_ipv4`: `10.46.0.5` is not in pool `inte"),
    (LISTED, LISTED + ", static_ipv4: 10.45.0.1", "14: `subscribers[6].static_ipv4`: `10.45.0.1` is kept for the netw"),
    (LISTED, LISTED + ", static_ipv4: 10.45.0", "14: `subscribers[6].static_ipv4`: `10.45.0` is not an IPv4 address"),
    (LISTED, LISTED + ', static_ipv6: "2001:db8:4500::/64"', "14: `subscribers[6].static_ipv6`: `2001:db8:4500::/64` "),
    (LISTED, LISTED + ', static_ipv6: "2001:db8:1::/64"', "14: `subscribers[6].static_ipv6`: `2001:db8:1::/64` is not"),
    (LISTED, LISTED + ', static_ipv6: "2001:db8::/40"', "14: `subscribers[6].static_ipv6`: `2001:db8::/40` is not an "),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES)
def test_mistakes_in_the_list(folder: Path, change: Change, old: str, new: str, said: str) -> None:
    change("subscribers", old, new)
    assert any(line.startswith(f"subscribers.yaml:{said}") for line in findings(folder)), findings(folder)


def test_one_static_address_twice(folder: Path, change: Change) -> None:
    for number in ("13800138010", "13800138011"):
        fixed = 'static_ipv4: 10.45.9.9, static_ipv6: "2001:db8:4500:9::"'
        change("subscribers", f'  - {{number: "{number}"', f'  - {{{fixed}, number: "{number}"')
    assert findings(folder) == [
        f"subscribers.yaml:14: static {what} is already given on line 13; "
        f"every static {what.split()[0]} may occur once, change one of the two"
        for what in ("address `10.45.9.9`", "prefix `2001:db8:4500:9::/64`")
    ]


def test_numbers_and_amounts_keep_the_text_that_was_written(folder: Path) -> None:
    text = "subscribers:\n  - {number: 013800138000, imsi: 001010000000001, balance: 0.10}\nattach: all\n"
    (folder / "subscribers.yaml").write_text(text, encoding="utf-8")
    carrier = folder / "carrier.yaml"
    carrier.write_text(carrier.read_text(encoding="utf-8").replace('"13800138001": 8621', ""), encoding="utf-8")
    people = load(folder).people
    assert [subscriber.imsi.digits for subscriber in people] == ["001010000000001"]
    (opened,) = people.accounts()
    assert (opened.balance, opened.account.id) == (Money(10), "8613800138000")
    assert opened.account.kind is AccountKind.PERSONAL


def test_credit_limit_of_the_account_or_of_dunning(folder: Path, change: Change) -> None:
    change("dunning", "credit_limit: 0.00", "credit_limit: 5.00")
    change("subscribers", "li: {balance: 100.00,", "li: {balance: 100.00, credit_limit: 30, kind: unit,")
    limits = {str(opened.account.id): opened.account.credit_limit for opened in load(folder).people.accounts()}
    assert (limits["li"], limits["zhang"], limits["8613900000000"]) == (Money(3000), Money(500), Money(500))


def test_the_cards_of_a_range_share_a_segment_and_a_channel(folder: Path, change: Change) -> None:
    change("subscribers", "count: 20,", "count: 20, segment: family, wechat: true,")
    last = list(load(folder).people)[-1]
    assert (last.segment, last.wechat) == (Segment.FAMILY, True)


def test_csv_with_every_column(folder: Path, people: Path) -> None:
    people.write_text(
        "\ufeffimsi, number ,account,role,language,balance,static_ipv4,static_ipv6,plan,services,segment,wechat\n"
        '460002000000001,"+86 13700000001",,,,12.50,10.45.3.3,2001:db8:4500:3::/64,'
        "basic,video-day ringback,student,true\n"
        "\n"
        "460002000000002,13700000002,wang,secondary,en,,,,,,,false\n",
        encoding="utf-8",
    )
    configuration = load(folder)
    one, two = list(configuration.people)[-2:]
    assert (one.msisdn, one.static_ipv4) == (Msisdn("8613700000001"), IPv4Address("10.45.3.3"))
    assert (one.static_ipv6, one.role, one.language) == (IPv6Network("2001:db8:4500:3::/64"), CardRole.MAIN, "zh")
    assert (two.account, two.role, two.language) == ("wang", CardRole.SECONDARY, "en")
    assert (one.plan, one.services, two.plan, two.services) == ("basic", ("video-day", "ringback"), None, ())
    assert (one.segment, one.wechat, two.segment, two.wechat) == (Segment.STUDENT, True, Segment.GENERAL, False)
    last = list(configuration.people.accounts())[-1]
    assert (last.account.id, last.balance) == ("8613700000001", Money(1250))
    assert len(configuration.people) == 28


def test_csv_of_numbers_and_imsis_only(folder: Path, people: Path, change: Change) -> None:
    change("carrier", '"13800138001"', '"13700000007"')
    people.write_text(
        "number,imsi\n"
        + "".join(f"1370000{n:04d},46000200000{n:04d}\n" for n in range(1000))
        + "013700001000,460002001\n",
        encoding="utf-8",
    )
    configuration = load(folder)
    everybody = list(configuration.people)
    assert len(everybody) == len(configuration.people) == 1027
    assert everybody[-1].msisdn == Msisdn("8613700001000")
    assert everybody[-2].imsi.digits == "460002000000999"
    opened = list(configuration.people.accounts())
    assert len(opened) == 1025
    assert opened[-1].balance == opened[-2].balance == Money(0)


CSV_MISTAKES = [
    ("number,imsi,plan\n13700000001,460002000000001,bosic\n", "people.csv:2: plan `bosic` does not exist; did you"),
    ("number,imsi,services\n13700000001,460002000000001,vide\n", "people.csv:2: service `vide` does not exist"),
    ("number,imsi,segment\n13700000001,460002000000001,pupil\n", "people.csv:2: segment `pupil` does not exist; "),
    ("number,imsi,wechat\n13700000001,460002000000001,no\n", "people.csv:2: `no` is not whether WeChat is bound; wr"),
    ("number,imsi\n12,460002000000001\n", "people.csv:2: `12` is not a phone number"),
    ("number,imsi\n13700000001,46\n", "people.csv:2: IMSI `46` is not 6 to 15 digits"),
    ("number,imsi\n13700000001\n", "people.csv:2: has 1 values where the header names 2 columns"),
    ('number,imsi\n"13700000001,46\n', "people.csv:2: is not valid CSV: unexpected end of data; check the quotes"),
    ("number,imsi,profile\n", "people.csv:1: a CSV file has no column `profile`; give one to a range or a listed card"),
    ("number,imsi,rol\n", "people.csv:1: unknown column `rol`; did you mean `role`?"),
    ("number,imsi,imsi\n", "people.csv:1: column `imsi` occurs twice; keep one of the two"),
    ("number,account\n", "people.csv:1: the header lacks `imsi`; begin the file with `number,imsi`"),
    ("", "people.csv: is empty; begin it with the line `number,imsi`"),
    ("number,imsi,role\n13700000001,460002000000001,child\n", "people.csv:2: role `child` does not exist; write `main"),
    ("number,imsi,role\n13700000001,460002000000001,secondary\n", "people.csv:2: a secondary card has no account of i"),
    ("number,imsi,language\n13700000001,460002000000001,fr\n", "people.csv:2: language `fr` is not spoken here; write"),
    ("number,imsi,account\n13700000001,460002000000001,lee\n", "people.csv:2: account `lee` does not exist; write one"),
    ("number,imsi,balance\n13700000001,460002000000001,x\n", "people.csv:2: `x` is not an amount in CNY; write it lik"),
    ("number,imsi,account,balance\n13700000001,460002000000001,li,1\n", "people.csv:2: `balance` belongs to the accou"),
    ("number,imsi,static_ipv4\n13700000001,460002000000001,10.9.9.9\n", "people.csv:2: `10.9.9.9` is not in pool"),
    ("number,imsi,static_ipv6\n13700000001,460002000000001,fd00::/64\n", "people.csv:2: `fd00::/64` is not in pool"),
    ("number,imsi\n13800138000,460002000000001\n", "people.csv:2: number `13800138000` is already given on "),
    ("number,imsi\n13900000019,460002000000001\n", "people.csv:2: number `13900000019` is already given on "),
    ("number,imsi\n13700000001,460002000000001\n+8613700000001,460002000000002\n", "people.csv:3: number `13700000001"),
    ("number,imsi\n13700000001,460002000000001\n13700000002,460002000000001\n", "people.csv:3: IMSI `460002000000001`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), CSV_MISTAKES)
def test_mistakes_in_the_csv_file(folder: Path, people: Path, text: str, said: str) -> None:
    people.write_text(text, encoding="utf-8")
    assert findings(folder)[0].startswith(said)


def test_csv_that_is_missing_or_no_text(folder: Path, people: Path) -> None:
    assert findings(folder) == [
        "people.csv: cannot be read: No such file or directory; correct `csv` or make the file readable"
    ]
    people.write_bytes(b"number,imsi\n\xff\xfe\n")
    assert findings(folder) == ["people.csv: is not UTF-8 text; save it as UTF-8"]


def test_a_csv_full_of_mistakes_shows_the_first_ones(folder: Path, people: Path) -> None:
    people.write_text("number,imsi\n" + "1,2\n" * 50, encoding="utf-8")
    said = findings(folder)
    assert len(said) == 21
    assert said[0] == "people.csv: 30 more lines are wrong; correct the ones above first"


def test_static_addresses_are_not_judged_without_pools(folder: Path, people: Path, change: Change) -> None:
    people.write_text("number,imsi,static_ipv4,static_ipv6\n13700000001,460002000000001,10.9.9.9,fd00::\n", "utf-8")
    change("apns", "qci: 9", "qci: 99")
    change("apns", "arrears: green", "arrears: gren")
    assert all(line.startswith("apns.yaml") for line in findings(folder))


def test_pools_without_a_family_take_no_static_address_of_it(folder: Path, change: Change) -> None:
    for profile in ("    pool: internet", "    gives_ip"):
        change("apns", f"    pdn_type: IPv4v6\n{profile}", f"    pdn_type: IPv4\n{profile}")
    change("apns", ', ipv6: "2001:db8:4500::/40"', "")
    change("subscribers", LISTED, LISTED + ', static_ipv6: "2001:db8:4500:9::/64"')
    assert "is not in pool `internet` (no IPv6); write one from there" in findings(folder)[0]


def test_a_csv_that_changed_since_is_refused_while_iterating(folder: Path, people: Path) -> None:
    people.write_text("number,imsi\n13700000001,460002000000001\n", encoding="utf-8")
    loaded = load(folder).people
    people.write_text("number,imsi\n1,2\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="`1` is not a phone number"):
        list(loaded)
