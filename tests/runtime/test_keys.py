import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.model.errors import Unavailable
from nfemu.runtime import keys
from nfemu.runtime.keys import load_or_create_key


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "portal" / "session.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_cut_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"short")
    with pytest.raises(Unavailable, match="holds 5 bytes"):
        load_or_create_key(tmp_path / "k")


def test_the_first_of_two_at_once_wins(tmp_path: Path) -> None:
    path = tmp_path / "k"
    keys._publish(path, b"a" * 32)
    keys._publish(path, b"b" * 32)
    assert load_or_create_key(path) == b"a" * 32
    assert [each.name for each in tmp_path.iterdir()] == ["k"]


@pytest.fixture
def permissive() -> Iterator[None]:
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.mark.usefixtures("permissive")
def test_secrets_and_all_new_folders_above_them_are_private_whatever_the_umask(tmp_path: Path) -> None:
    load_or_create_key(tmp_path / "a" / "b" / "k")
    keys.write_private(tmp_path / "a" / "c" / "k", b"x")
    keys.private_folder(tmp_path / "d" / "e")
    for folder in ("a", "a/b", "a/c", "d", "d/e"):
        assert mode(tmp_path / folder) == 0o700, folder
    assert mode(tmp_path / "a" / "b" / "k") == mode(tmp_path / "a" / "c" / "k") == 0o600


def test_what_is_open_to_others_is_closed_and_the_log_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = load_or_create_key(tmp_path / "keys" / "k")
    (tmp_path / "keys" / "k").chmod(0o644)
    (tmp_path / "keys").chmod(0o755)
    assert load_or_create_key(tmp_path / "keys" / "k") == key
    keys.private_folder(tmp_path / "keys")
    assert (mode(tmp_path / "keys" / "k"), mode(tmp_path / "keys")) == (0o600, 0o700)
    assert f"`{tmp_path}/keys/k` was open to other users (mode 644) and is closed now" in caplog.text
    assert f"`{tmp_path}/keys` was open to other users (mode 755)" in caplog.text


def test_a_folder_that_all_users_share_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(Unavailable, match="that all users share; choose one of your own inside it"):
        keys.private_folder(shared)
    keys.private_folder(shared / "nfemu")
    assert (mode(shared), mode(shared / "nfemu")) == (0o1777, 0o700)


@pytest.fixture
def nobody() -> Iterator[None]:
    """An ordinary user, also where the tests run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


@pytest.mark.usefixtures("nobody")
def test_what_is_not_ours_to_close_is_refused() -> None:
    with pytest.raises(Unavailable, match=r"`/.*` is open to other users .mode 755. and belongs to user 0"):
        keys.close_to_others(Path("/bin/sh").resolve())
