"""Temporary folders where everybody may write."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from nfemu.client.leases import Leases
from nfemu.client.state import StateFolder
from nfemu.model.errors import Conflict
from nfemu.pytest_plugin.folders import OwnFolder, common_folder

ONE, ANOTHER = "127.0.0.1:8600", "127.0.0.1:8601"


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Instead of `/tmp`."""
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_nobody_needs_any_more_is_removed(shared: Path) -> None:
    """And nothing else: one that is needed, one that is just being made, somebody's link, another's folder."""
    needed, left, new = OwnFolder(), OwnFolder(), shared / "nfemu-pytest-new"
    heir = os.dup(left.lock)
    left._owner.close()
    new.mkdir()
    target = shared / "target"
    target.mkdir()
    (target / "owner").touch()
    (shared / "nfemu-pytest-link").symlink_to(target)
    OwnFolder().remove()
    assert left.path.exists(), "a process that has its lock lives"
    os.close(heir)
    OwnFolder().remove()
    assert {each.name for each in shared.iterdir()} == {needed.path.name, new.name, "nfemu-pytest-link", "target"}
    assert (target / "owner").exists()
    needed.remove()
    assert not needed.path.exists()


def test_leases_are_private_and_of_one_carrier(shared: Path, tmp_path: Path) -> None:
    """Whatever the umask is; runs against another carrier are not in the way."""
    before = os.umask(0)
    try:
        folders = [common_folder(address) for address in (ONE, ANOTHER, ONE)]
    finally:
        os.umask(before)
    of_user = folders[0].parent
    assert [stat.S_IMODE(each.stat().st_mode) for each in (of_user, *folders)] == [0o700] * 4
    assert (of_user.name, folders[0] == folders[2]) == (f"nfemu-leases-of-{os.getuid()}", True)
    states = [StateFolder(tmp_path / name) for name in ("a", "b", "c")]
    for state, folder in zip(states, folders, strict=True):
        state.path.mkdir()
        state.leases.symlink_to(folder)
    first, second = Leases(states[0]), Leases(states[1])
    with pytest.raises(Conflict, match="another run is under way"):
        Leases(states[2])
    first.close()
    second.close()


@pytest.mark.parametrize("planted", ["link", "link inside", "file"])
def test_nothing_planted_is_used(planted: str, shared: Path, tmp_path: Path) -> None:
    place = shared / f"nfemu-leases-of-{os.getuid()}"
    if planted == "link":
        place.symlink_to(tmp_path)
    elif planted == "file":
        place.touch()
    else:
        inside = common_folder(ONE)
        inside.rmdir()
        inside.symlink_to(tmp_path)
    with pytest.raises(Conflict, match=r"is not a folder of this user's; remove it"):
        common_folder(ONE)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_another_user_s_folder_is_not_used(shared: Path) -> None:
    place = shared / "nfemu-leases-of-0"
    place.mkdir(mode=0o777)
    os.chown(place, 65534, 65534)
    with pytest.raises(Conflict, match="is not a folder of this user's"):
        common_folder(ONE)
