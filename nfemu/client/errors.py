"""What a request to the API can end in."""

import os

from nfemu.model.errors import NfemuError

NOT_RUNNING = "nfemu is not running; start it with `nfemu up`"
ON_LINE = "NFEMU_ON_LINE"
"""The variable by which a program on a bearer knows whose line it is on."""


def not_running() -> str:
    """Why nobody takes connections, and what to do."""
    number = os.environ.get(ON_LINE)
    if number is None:
        return NOT_RUNNING
    return f"from the line of {number} there is no way to the carrier itself; use a terminal that is not on the line"


class ClientError(NfemuError):
    """The API refused; the text is the server's own. `status` is the HTTP status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
