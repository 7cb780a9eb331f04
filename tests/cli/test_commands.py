"""What each command prints and how it ends, against the real API."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nfemu import __version__
from nfemu.client import StateFolder
from nfemu.model.errors import Unavailable
from nfemu.runtime.agenda import Happening
from tests.cli.conftest import Nfemu
from tests.client.running import Running, status_of

pytestmark = pytest.mark.usefixtures("running")


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_subscriber_list(nfemu: Nfemu) -> None:
    nfemu("attach", "13800138000")
    listed = nfemu("subscriber", "list")
    head, first, *rest = lines(listed.out)
    assert head == ["NUMBER", "ACCOUNT", "ROLE", "BALANCE", "STANDING", "ORDERED", "EFFECTIVE", "ADDRESS"]
    assert first == ["13800138000", "zhang", "main", "¥30.00", "in", "credit", "open", "internet", "10.45.0.2"]
    assert (len(rest), rest[0][-1]) == (6, "-")
    assert listed.status == 0
    widths = {line.index("open") for line in listed.out.splitlines()[1:]}
    assert len(widths) == 1


def test_subscriber_list_in_parts(nfemu: Nfemu) -> None:
    part = nfemu("subscriber", "list", "--limit", "2")
    assert part.out.splitlines()[-1] == "2 of 7; go on with --after 13800138001, or --all"
    rest = nfemu("subscriber", "list", "--after", "13800138001", "--all")
    assert len(rest.out.splitlines()) == 6
    assert [row["number"] for row in json.loads(nfemu("subscriber", "list", "--limit", "1", "--json").out)] == [
        "13800138000"
    ]


def test_show_attach_detach(nfemu: Nfemu) -> None:
    assert "never attached" in nfemu("subscriber", "show", "13800138000").out
    attached = nfemu("attach", "13800138000").out
    assert attached == "13800138000 attached: 10.45.0.2, 2001:db8:4500:1::/64; profile internet, policy open\n"
    assert nfemu("attach", "13800138000").status == 1
    shown = nfemu("subscriber", "show", "+8613800138000")
    session = "10.45.0.2, 2001:db8:4500:1::/64; policy open, generation 1, since 2026-11-01 16:00:00"
    assert shown.out.splitlines()[-1] == f"session    {session}"
    assert json.loads(nfemu("subscriber", "show", "13800138000", "--json").out)["session"]["ue_ipv4"] == "10.45.0.2"
    assert nfemu("detach", "13800138000").out.startswith("13800138000 detached; 10.45.0.2, ")
    again = nfemu("detach", "13800138000")
    assert (again.status, again.err[:7], again.out) == (1, "nfemu: ", "")
    assert "released" in nfemu("subscriber", "show", "13800138000").out


def test_a_credit_level_is_explained_line_by_line(nfemu: Nfemu) -> None:
    nfemu("charge", "13800138000", "29.00")
    shown = lines(nfemu("credit", "explain", "13800138000").out)
    assert [line for line in shown if line[:1] in (["base"], ["spend"], ["paid_ahead"], ["score"])] == [
        ["base", "50"],
        ["spend", "29", "charged", "a", "month", "+0"],
        ["paid_ahead", "100", "%", "of", "payments", "+15"],
        ["score", "85"],
    ]
    assert ["level", "5"] in shown
    assert ["by", "this", "score", "the", "same:", "the", "account", "is", "too", "young"] in shown
    assert ["tags", "pays-ahead"] in shown
    told = json.loads(nfemu("credit", "explain", "13800138000", "--json").out)
    assert (told["level"], told["kept"], told["score"]) == (5, True, 85)


def test_the_journey(nfemu: Nfemu) -> None:
    nfemu("attach", "13800138000")
    charged = nfemu("charge", "13800138000", "59.00", "--note", "fees", "--key", "bill-1").out
    assert ["standing", "overdue"] in lines(charged)
    assert ["due", "¥29.00"] in lines(charged)
    assert ["effective", "green"] in lines(charged)
    assert nfemu("charge", "13800138000", "59.00", "--note", "fees", "--key", "bill-1").out == charged
    assert "http://portal.carrier.example/" in nfemu("inbox", "13800138000").out
    explained = nfemu("explain", "13800138000", "https://news.example/").out
    assert ["verdict", "reject", "(refused)"] in lines(explained)
    assert ["rule", "arrears/default"] in lines(explained)
    assert nfemu("pay", "13800138000", "10").out == "¥10.00 paid; the line stays restricted: ¥19.00 still due\n"
    restored = "¥19.00 paid; service is restored: profile internet is in force\n"
    assert nfemu("pay", "13800138000", "19.00").out == restored
    assert nfemu("pay", "13800138000", "5.00").out == "¥5.00 paid; balance ¥5.00\n"
    ledger = nfemu("ledger", "13800138000").out.splitlines()
    assert ledger[-1] == "account zhang: balance ¥5.00"
    assert len(ledger) == 7
    timeline = nfemu("timeline", "13800138000").out
    assert "enforcement.acknowledged" in timeline
    assert timeline.splitlines()[0].split("  ")[0] == "BUSINESS TIME"
    assert timeline.splitlines()[1].startswith("2026-11-01 16:00:00  ")
    assert " ms  " in timeline


def test_json_of_everything_that_reads(nfemu: Nfemu) -> None:
    nfemu("charge", "13800138000", "59.00")
    assert json.loads(nfemu("inbox", "13800138000", "--json").out)[0]["kind"] == "stopped"
    assert json.loads(nfemu("timeline", "13800138000", "--json").out)[0]["elapsed_ms"] >= 0
    assert json.loads(nfemu("ledger", "13800138000", "--json").out)["balance"] == {
        "amount": "-29.00",
        "currency": "CNY",
    }
    assert json.loads(nfemu("explain", "13800138000", "http://x.example/", "--json").out)["rule"] == "detached"
    assert json.loads(nfemu("clock", "show", "--json").out)["now"] == "2026-11-01T16:00:00+08:00"


def test_payment_of_a_detached_line(nfemu: Nfemu) -> None:
    nfemu("charge", "13800138000", "59.00")
    assert (
        nfemu("pay", "13800138000", "29.00").out
        == "¥29.00 paid; service is restored: the line is detached; `nfemu attach 13800138000` attaches it\n"
    )


def test_by_hand(nfemu: Nfemu) -> None:
    assert "arrears, held by a manual restrict" in nfemu("restrict", "13800138001").out
    assert nfemu("pay", "13800138001", "1").out == "¥1.00 paid; the line stays restricted: restricted by hand\n"
    assert ["ordered", "open"] in lines(nfemu("restore", "13800138001").out)


def test_a_unit_s_member_pays_and_others_still_owe(nfemu: Nfemu) -> None:
    """The operator is told what restores the line, not what that member may see."""
    nfemu("charge", "13800138010", "600.00")
    assert nfemu("pay", "13800138011", "5").out == "¥5.00 paid; the line stays restricted: ¥95.00 still due\n"


def test_a_unit_s_member_sees_the_own_share(nfemu: Nfemu) -> None:
    shown = nfemu("charge", "13800138010", "600.00").out
    assert ["due", "¥100.00"] in lines(shown)


def test_a_message_is_shown_with_its_channel_and_clicked(nfemu: Nfemu) -> None:
    nfemu("charge", "13800138000", "59")
    shown = nfemu("inbox", "13800138000").out
    identifier = json.loads(nfemu("inbox", "13800138000", "--json").out)[0]["id"]
    assert f"  {identifier}  SMS  示例移动  (stopped)\n" in shown
    assert "(stopped, opened 2026-" in nfemu("inbox", "13800138000", "--click", identifier).out
    assert "(stopped, opened 2026-" in nfemu("inbox", "13800138000").out


def test_inbox(nfemu: Nfemu, running: Running) -> None:
    assert nfemu("inbox", "13800138000").out == "no messages\n"
    assert nfemu("inbox", "--open").out.startswith(f"{running.url}/login?token=")
    assert nfemu("inbox", "13800138000", "--open").out.count("\n") == 1
    neither = nfemu("inbox")
    assert (neither.status, "name a NUMBER, or use --open" in neither.err) == (2, True)


def test_clock(nfemu: Nfemu) -> None:
    assert nfemu("clock", "show").out == "2026-11-01 16:00:00+08:00 (test clock)\n"
    assert nfemu("clock", "advance", "1h").out == "2026-11-01 17:00:00+08:00 (test clock)\n"
    assert nfemu("clock", "set", "2026-11-02T08:00:00+08:00").out == "2026-11-02 08:00:00+08:00 (test clock)\n"
    assert nfemu("clock", "set", "tomorrow").status == 2
    assert nfemu("clock", "advance", "soon").status == 2
    assert nfemu("clock", "set", "2020-01-01T00:00:00+08:00").status == 1


def test_the_clock_says_what_fell_due(nfemu: Nfemu, running: Running) -> None:
    happened = [Happening(datetime(2026, 11, 1, 8, 15, tzinfo=UTC), "payment pay-1 expired")]
    running.world.service.advance_clock = lambda by: _later(happened)  # type: ignore[method-assign]  # no order here
    assert nfemu("clock", "advance", "1h").out.splitlines()[0] == "  2026-11-01 16:15:00+08:00 payment pay-1 expired"


def test_a_long_move_is_told_as_it_goes(nfemu: Nfemu, running: Running) -> None:
    service, moved = running.world.service, []

    async def advance(by: timedelta) -> list[Happening]:
        await service.set_clock(service.now() + by)
        moved.append(by)
        if len(moved) == 4:
            raise Unavailable("the disk is full")
        return [Happening(service.now(), f"move {len(moved)}")]

    service.advance_clock = advance  # type: ignore[method-assign]  # nothing falls due here
    told = json.loads(nfemu("clock", "advance", "1d12h30s", "--json").out)
    assert (told["now"], moved) == ("2026-11-03T04:00:30+08:00", [timedelta(days=1), timedelta(hours=12, seconds=30)])
    assert [line.split()[-1] for line in told["happened"]] == ["1", "2"]
    broken = nfemu("clock", "set", "2027-11-02T08:00:00+08:00")
    assert (broken.status, broken.out) == (1, "  2026-11-04 04:00:30+08:00 move 3\n")
    del service.advance_clock
    assert nfemu("clock", "set", "2027-11-02T08:00:00+08:00").out == "2027-11-02 08:00:00+08:00 (test clock)\n"
    assert nfemu("clock", "advance", "36500d1s").out == "2127-10-09 08:00:01+08:00 (test clock)\n"
    assert nfemu("clock", "advance", "9999999d").status == 2


async def _later(value: list[Happening]) -> list[Happening]:
    return value


def test_rotate_keys(nfemu: Nfemu, running: Running) -> None:
    assert nfemu("rotate-keys").out == "rotate-keys done\n"
    assert running.program.asked == ["rotate-keys"]


def test_reload(nfemu: Nfemu, running: Running) -> None:
    lines = (
        "policies.yaml: profile arrears: + host pay2.example (payment); affects 3 lines\n"
        "subscribers.yaml: account zhang: balance 1 → 2: not applied; the ledger is append-only\n"
    )
    assert nfemu("reload").out == nfemu("reload", "--dry-run").out == lines
    assert json.loads(nfemu("reload", "--json").out)[0]["subject"] == "profile arrears"
    assert running.program.asked == ["reload", "dry run", "reload"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["subscriber", "show", "13999999999"], 1, "nfemu: no subscriber has the number `8613999999999`"),
        (["subscriber", "show", "zhang"], 2, "nfemu: `zhang` is not a phone number"),
        (["charge", "13800138000", "-5"], 2, "nfemu: amount `-5` is not a positive CNY amount"),
        (["charge", "13800138000", "59.001"], 2, "nfemu: amount `59.001` is not a positive CNY amount"),
        (["pay", "13800138000", "0"], 2, "nfemu: amount `0` is out of range"),
        (["explain", "13800138000", "ftp://x"], 2, "nfemu: `ftp://x` is not a destination"),
        (["charge", "13800138000"], 2, "Usage: nfemu charge [OPTIONS] NUMBER AMOUNT"),
        (["chrge", "13800138000", "1"], 2, "Usage: nfemu [OPTIONS] COMMAND [ARGS]..."),
        (["subscriber", "list", "--limit", "0"], 2, "Usage: nfemu subscriber list"),
    ],
)
def test_refusals(nfemu: Nfemu, arguments: list[str], status: int, said: str) -> None:
    refused = nfemu(*arguments)
    assert (refused.status, refused.out) == (status, "")
    assert refused.err.startswith(said)


def test_a_misspelt_command_is_named(nfemu: Nfemu) -> None:
    assert "there is no command `chrge`; did you mean `charge`?" in nfemu("chrge").err
    assert "there is no command `zzz`; `nfemu --help` lists the commands" in nfemu("zzz").err


def test_state_folder_by_option(nfemu: Nfemu, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    silent = nfemu("--state", str(elsewhere), "clock", "show")
    assert (silent.status, silent.err) == (1, "nfemu: nfemu is not running; start it with `nfemu up`\n")
    StateFolder(elsewhere).publish(status_of("127.0.0.1:1", elsewhere))
    assert nfemu("--state", str(elsewhere), "clock", "show").status == 1


def test_version_and_help(nfemu: Nfemu) -> None:
    assert nfemu("--version").out == f"nfemu, version {__version__}\n"
    shown = nfemu("charge", "--help")
    assert (shown.status, "Charge the account of NUMBER with AMOUNT." in shown.out) == (0, True)


@pytest.mark.parametrize(("has", "said"), [("huaxing", "the overlay of huaxing"), (None, "no overlay")])
def test_a_running_carrier_is_not_reset_with_another_overlay(
    nfemu: Nfemu, running: Running, monkeypatch: pytest.MonkeyPatch, has: str | None, said: str
) -> None:
    monkeypatch.setattr("nfemu.cli.control.is_running", lambda _: True)
    running.state.publish(replace(running.state.status(), overlay=has))
    done = nfemu("reset", "--carrier", "fujimi")
    assert (done.status, said in done.err, "`nfemu down`" in done.err) == (1, True, True)
    assert running.program.asked == []
