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
