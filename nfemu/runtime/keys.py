"""Secrets in files: generated at first use, mode 0600 in folders of mode 0700, whatever the umask; never rewritten.

What is found open to other users is closed, and the log says so: they may have read it.
"""

import logging
import os
import secrets
import stat
from pathlib import Path

from nfemu.model.errors import Unavailable

_log = logging.getLogger(__name__)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def load_or_create_key(path: Path, size: int = 32) -> bytes:
    """The `size` random bytes kept in `path`, made at first use.

    The folder is made with mode 0700. Two processes that start at once end up with one key. Raises
    Unavailable when the file holds another number of bytes.
    """
    _make_folder(path.parent)
    if not path.exists():
        _publish(path, secrets.token_bytes(size))
    key = read_private(path)
    if len(key) != size:
        raise Unavailable(f"key file `{path}` holds {len(key)} bytes instead of {size}; delete it to have it made anew")
    return key


def private_folder(path: Path) -> None:
    """Make the folder, or close it to others. Raises as `close_to_others`; Unavailable for one that all users share."""
    _make_folder(path)
    if path.stat().st_mode & stat.S_ISVTX:
        raise Unavailable(f"`{path}` is a folder that all users share; choose one of your own inside it")
    close_to_others(path)


def read_private(path: Path) -> bytes:
    """What is in a secret file. Raises FileNotFoundError, and as `close_to_others`."""
    close_to_others(path)
    return path.read_bytes()


def close_to_others(path: Path) -> None:
    """Take every right from all but the owner. Raises Unavailable where it is open and not ours to close."""
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if not mode & _OTHERS:
        return
    try:
        path.chmod(mode & ~_OTHERS)
    except PermissionError:
        raise Unavailable(
            f"`{path}` is open to other users (mode {mode:o}) and belongs to user {found.st_uid}, who must close it; "
            "or choose another state folder"
        ) from None
    _log.warning("`%s` was open to other users (mode %o) and is closed now; they may have read it", path, mode)


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step; only its owner can read it."""
    _make_folder(path.parent)
    draft = _draft(path, data)
    draft.replace(path)


def _make_folder(path: Path) -> None:
    """With those above it that are missing: whoever may write there can put another folder in its place."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)


def _publish(path: Path, data: bytes) -> None:
    """Like `write_private`, but what is already there stays: a link is refused where a rename would win."""
    draft = _draft(path, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
    return draft
