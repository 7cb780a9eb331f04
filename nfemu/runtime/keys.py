"""Secret keys in files: generated at first use, mode 0600, never rewritten."""

import os
import secrets
from pathlib import Path

from nfemu.model.errors import Unavailable


def load_or_create_key(path: Path, size: int = 32) -> bytes:
    """The `size` random bytes kept in `path`, made at first use.

    The folder is made with mode 0700. Two processes that start at once end up with one key. Raises
    Unavailable when the file holds another number of bytes.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _publish(path, secrets.token_bytes(size))
    key = path.read_bytes()
    if len(key) != size:
        raise Unavailable(f"key file `{path}` holds {len(key)} bytes instead of {size}; delete it to have it made anew")
    return key


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step; only its owner can read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft(path, data)
    draft.replace(path)


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
