"""Temporary folders of test runs: private, and gone with the run; what one left that was killed goes with the next.

Where everybody may write, anybody may have put something in the way: only what is a folder, and this user's, is used or
removed.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from hashlib import sha256
from pathlib import Path

from nfemu.model.errors import Conflict

_PREFIX = "nfemu-pytest-"
_OWNER = "owner"
"""In each, locked (flock) for as long as somebody needs it."""


class OwnFolder:
    """Of this process, and of those that are given `lock`: the kernel says when the last of them has ended."""

    def __init__(self) -> None:
        _remove_left()
        # Short, and not one of pytest's folders: sockets are in it, whose paths may have 107 octets.
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        draft = self.path / f"{_OWNER}.part"
        self._owner = draft.open("w")
        fcntl.flock(self._owner, fcntl.LOCK_EX)
        draft.rename(self.path / _OWNER)  # by this name it is never seen unlocked

    @property
    def lock(self) -> int:
        """A descriptor."""
        return self._owner.fileno()

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._owner.close()


def common_folder(address: str) -> Path:
    """All runs of this user against the carrier whose API is there have it; it stays. Raises Conflict where somebody
    else has put something in its place."""
    of_user = _private(Path(tempfile.gettempdir(), f"nfemu-leases-of-{os.getuid()}"))
    return _private(of_user / sha256(address.encode()).hexdigest()[:16])


def _private(folder: Path) -> Path:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_ours(folder):
        raise Conflict(f"`{folder}` is not a folder of this user's; remove it")
    folder.chmod(0o700)
    return folder


def _is_ours(folder: Path) -> bool:
    """A folder, not a link to one, that nobody else may replace."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _remove_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # it is just going, or has no owner yet
            if _is_ours(folder):
                _remove_unowned(folder)


def _remove_unowned(folder: Path) -> None:
    """Raises OSError where somebody needs it."""
    with os.fdopen(os.open(folder / _OWNER, os.O_RDONLY | os.O_NOFOLLOW)) as owner:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
