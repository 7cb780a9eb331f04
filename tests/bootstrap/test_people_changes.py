"""What a reload says of the people: new ones come, known ones stay, and what stays is named with its reason."""

from dataclasses import asdict
from pathlib import Path

import pytest

from nfemu.bootstrap.reload.changes import Concerned, changes
from nfemu.client import values
from nfemu.settings import load
from nfemu.web.api.backend import ConfigChange
from tests.settings.conftest import SHIPPED, Change

KEPT = "not applied; card, account and ledger stay, since the ledger is append-only; `nfemu reset` forgets them"
KNOWN = "not applied; a card that is known stays as it is; `nfemu reset` starts over"
BOOKED = (
    "not applied; an opening balance counts for new accounts only, since the ledger is append-only; "
    "use `nfemu charge` or `pay`"
)
WANG = '  - {number: "13800138002", imsi: "460001380013802", account: wang, language: zh}\n'
EVE = '  - {number: "13800138077", imsi: "460001380013877", account: eve}\n'


def text(change: ConfigChange) -> str:
    """As the command line prints it."""
    return str(values.ConfigChange(**asdict(change)))


def said(folder: Path) -> list[str]:
    return [text(change) for change in changes(load(SHIPPED), load(folder), Concerned())]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("# Many", "# So many", []),
        (WANG, WANG + EVE.replace("eve", "wang"), ["13800138077: new card, account wang"]),
        ("attach: listed", "attach: all", ["attach: listed → all; for lines that never had a session"]),
        (
            '  - {number: "13800138011", imsi: "460001380013811", account: acme}\n',
            "",
            [f"13800138011: removed: {KEPT}"],
        ),
        (
            "account: li, language: en",
            "account: wang, static_ipv4: 10.45.9.9",
            [
                f"13800138001: account li → wang: {KNOWN}",
                f"13800138001: language en → zh: {KNOWN}",
                f"13800138001: static_ipv4 none → 10.45.9.9: {KNOWN}",
            ],
        ),
        ("zhang: {balance: 30.00", "zhang: {balance: 35", [f"account zhang: balance 30.00 → 35.00: {BOOKED}"]),
        ("acme: {kind: unit, ", "acme: {", ["account acme: kind unit → personal"]),
        (
            "account: li, language: en",
            "account: li, language: en, plan: basic, services: [video-day]",
            [
                "13800138001: plan none → basic; for what falls due from now on",
                "13800138001: services none → video-day; for what falls due from now on",
            ],
        ),
        (
            "count: 20, balance: 50.00",
            "count: 20, balance: 50.00, plan: basic",
            ["range from 13900000000: plan none → basic; for what falls due from now on"],
        ),
        (
            "li: {balance: 100.00, level: 8}",
            "eve: {balance: 1}\n  li: {balance: 100.00, level: 9}",
            ["account eve: new, balance 1.00", "account li: level 8 → 9"],
        ),
        (
            "count: 20, balance: 50.00",
            "count: 20, profile: training, balance: 50.00",
            [f"range from 13900000000: profile open → training: {KNOWN}"],
        ),
        ("count: 20, balance: 50.00", "count: 21, balance: 50.00", ["range from 13900000000: 1 new cards at its end"]),
        (
            "count: 20, balance: 50.00",
            "count: 18, balance: 51.00",
            [
                f"range from 13900000000: 2 cards removed: {KEPT}",
                f"range from 13900000000: balance 50.00 → 51.00: {BOOKED}",
            ],
        ),
        (
            'first_imsi: "460009000000000"',
            'first_imsi: "460008000000000"',
            ["range from 13900000000: new, 20 cards", f"range from 13900000000: removed, 20 cards: {KEPT}"],
        ),
    ],
)
def test_people(folder: Path, change: Change, old: str, new: str, lines: list[str]) -> None:
    change("subscribers", old, new)
    assert said(folder) == [f"subscribers.yaml: {line}" for line in lines]


def test_a_csv_file_that_comes_and_goes(folder: Path, change: Change) -> None:
    change("subscribers", "# csv: people.csv", "csv: people.csv")
    (folder / "people.csv").write_text("number,imsi\n13712340000,460007000000000\n", encoding="utf-8")
    new, old = load(folder), load(SHIPPED)
    assert [text(one) for one in changes(old, new, Concerned())] == [
        "subscribers.yaml: csv: 0 → 1 cards; those that are not known yet are new"
    ]
    assert [text(one) for one in changes(new, old, Concerned())] == [f"subscribers.yaml: csv: 1 → 0 cards: {KEPT}"]


def test_an_account_that_is_gone(folder: Path, change: Change) -> None:
    change("subscribers", WANG, WANG + EVE)
    change("subscribers", "  acme:", "  eve: {}\n  acme:")
    found = changes(load(folder), load(SHIPPED), Concerned())
    assert [(one.subject, one.change, one.applied) for one in found] == [
        ("13800138077", "removed", False),
        ("account eve", "removed", False),
    ]
