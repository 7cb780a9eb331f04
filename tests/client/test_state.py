"""Where clients find a carrier."""

from pathlib import Path

import pytest

from nfemu.client.state import StateFolder, reachable
from nfemu.model.errors import InvalidInput


@pytest.mark.parametrize(
    ("bound", "reached"),
    [
        ("127.0.0.1:8600", "127.0.0.1:8600"),
        ("0.0.0.0:8600", "127.0.0.1:8600"),
        ("[::]:8600", "[::1]:8600"),
        ("[2001:db8::1]:8600", "[2001:db8::1]:8600"),
        ("192.0.2.7:8600", "192.0.2.7:8600"),
    ],
)
def test_what_is_bound_to_every_address_is_on_loopback_too(bound: str, reached: str) -> None:
    assert reachable(bound) == reached


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folders of instances are."""
    for name in ("NFEMU_STATE", "NFEMU_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "nfemu"


def test_an_instance_is_a_folder_beside_the_default_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert StateFolder.default().path == home / "default"
    assert StateFolder.of_instance("team-a").path == home / "team-a"
    monkeypatch.setenv("NFEMU_INSTANCE", "team-b")
    assert StateFolder.default().path == home / "team-b"
    monkeypatch.setenv("NFEMU_STATE", "/elsewhere")
    assert StateFolder.default().path == Path("/elsewhere")


def test_only_such_a_folder_has_a_name(home: Path) -> None:
    assert StateFolder(home / "team-a").instance == "team-a"
    assert StateFolder(home / "Team A").instance is None
    assert StateFolder(home.parent / "team-a").instance is None


def test_instances_are_those_that_have_been_started(home: Path) -> None:
    assert StateFolder.instances() == []
    for name in ("team-b", "team-a", "never-started", "Not One"):
        (home / name).mkdir(parents=True)
    for name in ("team-b", "team-a", "Not One"):
        (home / name / "lock").touch()
    (home / "a-file").touch()
    assert [folder.instance for folder in StateFolder.instances()] == ["team-a", "team-b"]


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "-a", "a" * 32, "ä"])
def test_what_is_no_name_of_an_instance(name: str) -> None:
    with pytest.raises(InvalidInput, match="is not the name of an instance"):
        StateFolder.of_instance(name)
