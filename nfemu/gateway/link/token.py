"""The link's files in the state folder. The token is new at every start of the control process."""

import os
import secrets
from pathlib import Path

from nfemu.model.errors import Unavailable

CONTROL_SOCKET = "control.sock"
LINK_TOKEN = "link.token"  # noqa: S105 (a file's name)


def fresh_token(path: Path) -> str:
    """Make a token and put it into `path`, mode 0600, replacing the file as a whole."""
    token = secrets.token_urlsafe(32)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token)
    draft.replace(path)
    return token


def read_token(path: Path) -> str:
    """Raises Unavailable when there is none: no emulator has been started on that state folder."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Unavailable(f"no token in `{path}`; start the emulator first (nfemu up)") from error
