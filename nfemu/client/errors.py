"""What a request to the API can end in."""

from nfemu.model.errors import NfemuError

NOT_RUNNING = "nfemu is not running; start it with `nfemu up`"


class ClientError(NfemuError):
    """The API refused; the text is the server's own. `status` is the HTTP status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
