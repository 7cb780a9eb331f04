"""The link's files in the state folder. The token is new at every start of the control process."""

import secrets
from pathlib import Path

from nfemu.model.errors import Unavailable
from nfemu.runtime.keys import write_private

CONTROL_SOCKET = "control.sock"
LINK_TOKEN = "link.token"  # noqa: S105 (a file's name)


def fresh_token(path: Path) -> str:
    """Make a token and put it into `path`, mode 0600, replacing the file as a whole."""
    token = secrets.token_urlsafe(32)
    write_private(path, token.encode())
    return token


def read_token(path: Path) -> str:
    """Raises Unavailable when there is none: no emulator has been started on that state folder."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Unavailable(f"no token in `{path}`; start the emulator first (nfemu up)") from error
