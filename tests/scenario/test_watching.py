"""What a step changed on its line, as the API tells it."""

from typing import Any

import pytest

from nfemu.client import Client
from nfemu.model.errors import InvalidInput
from nfemu.scenario import watching
from nfemu.scenario.schema import Expect
from nfemu.scenario.watching import before, watch

NUMBER = "13800138000"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is not waited for."""
    monkeypatch.setattr(watching, "PATIENCE_S", 0.0)


@pytest.mark.parametrize(
    ("expect", "got"),
    [
        ({"balance": "-29.00", "standing": "overdue", "ordered": "arrears", "effective": "green"}, None),
        ({"attached": True}, None),
        ({"notices": ["stopped"]}, None),
        ({"notices": [{"stopped": "*¥29.00*"}]}, None),
        ({"events": ["ledger.entry", "order.created", "notice.sent"]}, None),
        ({"effective": "*"}, None),
        ({"used": {"portal": {"least": 0}}}, None),
        ({"balance": "-29.01"}, "-29.00"),
        ({"standing": "in credit"}, "overdue"),
        ({"ordered": "open"}, "arrears"),
        ({"effective": "internet"}, "green"),
        ({"attached": False}, "true"),
        ({"notices": []}, "stopped: "),
        ({"notices": ["restored"]}, "stopped: "),
        ({"notices": ["stopped", "stopped"]}, "stopped: "),
        ({"notices": [{"stopped": "*¥30.00*"}]}, "stopped: "),
        ({"events": ["notice.sent", "ledger.entry"]}, "ledger.entry, "),
        ({"events": []}, "ledger.entry, "),
        ({"events": ["agreement.signed"]}, "ledger.entry, "),
        ({"used": {"portal": {"least": 1}}}, "portal: 0"),
        ({"used": {"none": {"least": 1, "most": 5}}}, "none: 0"),
    ],
)
def test_what_a_charge_changes(nfemu: Client, expect: dict[str, Any], got: str | None) -> None:
    nfemu.attach(NUMBER)
    wanted = Expect.model_validate(expect)
    began = before(nfemu, NUMBER, wanted)
    nfemu.charge(NUMBER, "59.00")
    found = watch(nfemu, NUMBER, wanted, began)
    assert [each.got.startswith(got or "") for each in found] == ([] if got is None else [True]), found


def test_a_group_that_there_is_not(nfemu: Client) -> None:
    wanted = Expect.model_validate({"used": {"portel": {"least": 0}}})
    with pytest.raises(InvalidInput, match="`portel` is no destination group; did you mean `portal`"):
        watch(nfemu, NUMBER, wanted, before(nfemu, NUMBER, wanted))


def test_what_was_before_is_not_of_this_step(nfemu: Client) -> None:
    nfemu.attach(NUMBER)
    nfemu.charge(NUMBER, "59.00")
    wanted = Expect.model_validate({"notices": ["payment confirmed", "restored"], "events": ["payment.notified"]})
    began = before(nfemu, NUMBER, wanted)
    nfemu.pay(NUMBER, "29.00")
    assert watch(nfemu, NUMBER, wanted, began) == []
    assert [each.got for each in watch(nfemu, NUMBER, wanted, before(nfemu, NUMBER, wanted))] == [
        "no message",
        "no event",
    ]


def test_a_line_that_is_not_attached(nfemu: Client) -> None:
    """Nothing is in force, which is like no pattern; and nothing has happened."""
    fits = Expect.model_validate({"effective": "none", "events": [], "notices": []})
    assert watch(nfemu, NUMBER, fits, before(nfemu, NUMBER, fits)) == []
    anything = Expect.model_validate({"effective": "*"})
    assert [each.got for each in watch(nfemu, NUMBER, anything, before(nfemu, NUMBER, anything))] == ["none"]


def test_of_no_line_nothing_is_known(nfemu: Client) -> None:
    wanted = Expect.model_validate({"attached": True})
    (found,) = watch(nfemu, None, wanted, before(nfemu, None, wanted))
    assert "write `as: 13800138000` with the step" in found.got
    assert watch(nfemu, None, Expect(), before(nfemu, None, Expect())) == []
