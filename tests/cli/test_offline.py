"""Commands that need no running emulator."""

import json
import shutil
from pathlib import Path

import pytest

from nfemu.cli.files import config_folder, shipped_config
from nfemu.client import StateFolder
from tests.cli.conftest import Nfemu

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


def test_config_check(nfemu: Nfemu, folder: Path) -> None:
    valid = nfemu("--config", str(folder), "config", "check")
    counts = "26 subscribers, 6 APN profiles, 9 destination groups, 5 policy profiles"
    assert (valid.status, valid.out) == (0, f"{folder}: valid; {counts}\n")


def test_single_values_count_for_every_command(nfemu: Nfemu, tmp_path: Path) -> None:
    """A stopped carrier's reset empties the database that its start would have used."""
    other = tmp_path / "other.sqlite"
    assert nfemu("--set", f"carrier.database=sqlite:///{other}", "reset").status == 0
    assert other.exists()
    assert not StateFolder(tmp_path).database.exists()
    for command in (("config", "check"), ("policy", "lint"), ("up", "--foreground"), ("reset",)):
        refused = nfemu("--set", "carrier.clock=tset", *command)
        assert (refused.status, "override `carrier.clock`: `clock`: `tset`" in refused.err) == (2, True)
    checked = nfemu("--set", "carrier.api.host=0.0.0.0", "doctor").out
    assert "0.0.0.0:8600" in checked


def test_config_check_names_every_mistake(nfemu: Nfemu, folder: Path) -> None:
    for file, old, new in (("apns", "arrears: green", "arrears: gren"), ("dunning", "15m", "soon")):
        path = folder / f"{file}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    refused = nfemu("--config", str(folder), "config", "check")
    assert refused.status == 2
    head, one, two = refused.err.splitlines()
    assert (head, refused.out) == ("nfemu:", "")
    assert one == f"{folder}/apns.yaml:63: profile `gren` does not exist; did you mean `green`?"
    assert two.startswith(f"{folder}/dunning.yaml:5: `order_expiry`: `soon` is not a duration")


def test_policy_lint(nfemu: Nfemu, folder: Path) -> None:
    path = folder / "policies.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("profiles:\n", "  unused: {hosts: [a.example]}\nprofiles:\n"), encoding="utf-8")
    checked = nfemu("--config", str(folder), "policy", "lint")
    assert checked.status == 0
    assert "unused" in checked.out
    assert checked.out.splitlines()[-1].startswith("10 groups, 5 profiles, ")
    findings = json.loads(nfemu("--config", str(folder), "policy", "lint", "--json").out)
    assert any("unused" in finding["where"] for finding in findings)
    assert nfemu("--config", str(folder), "policy", "lint", "--strict").status == 0
    path.write_text(text.replace("pay.provider.example]", "pay.provider.example]\n    networks: [10.0.0.0/8]"), "utf-8")
    assert nfemu("--config", str(folder), "policy", "lint").status == 0
    assert nfemu("--config", str(folder), "policy", "lint", "--strict").status == 1


def test_policy_lint_knows_where_people_pay(nfemu: Nfemu) -> None:
    """G6: the shipped bundle will do; without it every host that is missing is named."""
    wechat = ("--set", "carrier.portal.payments=wechat")
    assert nfemu(*wechat, "policy", "lint", "--strict").status == 0
    bare = nfemu(*wechat, "--set", "policies.profiles.arrears.allow=[portal]",
                 "--set", "policies.profiles.arrears.essential=[portal]", "policy", "lint", "--strict")  # fmt: skip
    assert bare.status == 1
    for host in ("wx.tenpay.com", "payapp.weixin.qq.com", "pay.weixin.qq.com"):
        assert f"has them pay at `{host}`, but that is not allowed on port 443" in bare.out


def test_which_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config_folder(None) == shipped_config() == SHIPPED
    (tmp_path / "config").mkdir()
    assert config_folder(None) == SHIPPED
    (tmp_path / "config" / "carrier.yaml").touch()
    assert config_folder(None) == Path("config")
    assert config_folder(Path("other")) == Path("other")


def test_every_command_is_there(nfemu: Nfemu) -> None:
    shown = nfemu("--help")
    assert shown.status == 0
    for name in ("up", "down", "status", "reset", "run", "demo", "subscriber", "exec", "clock", "policy", "reload"):
        assert f"\n  {name} " in shown.out


@pytest.mark.parametrize("command", [("up",), ("up", "--foreground"), ("reset",)])
def test_a_state_folder_that_cannot_be_written_is_named(nfemu: Nfemu, tmp_path: Path, command: tuple[str, ...]) -> None:
    """As on a full disk, whose every write fails (`tests/journeys/test_disk_full.py`)."""
    (tmp_path / "file").touch()
    refused = nfemu("--state", str(tmp_path / "file" / "state"), *command)
    said = f"nfemu: `{tmp_path}/file/state`: Not a directory; the state folder must be writable and have room\n"
    assert (refused.status, refused.out, refused.err) == (1, "", said)
