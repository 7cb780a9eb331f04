"""The state folder: where one carrier keeps what lasts, and where its clients find it.

Default: `$NFEMU_STATE`, else `$XDG_STATE_HOME/nfemu/default`, else `~/.local/state/nfemu/default`.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from nfemu.model.errors import Unavailable

_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}


@dataclass(frozen=True, slots=True)
class RunningStatus:
    """What the running carrier wrote into `status.json`. Addresses are `host:port` as bound (see `reachable`)."""

    pid: int
    started_at: str
    """Wall time of this start, ISO 8601; another one after a reset."""
    api: str
    http_proxy: str
    socks_proxy: str
    subscriber_proxies: dict[str, str]
    """Listeners of single subscribers, by E.164 number."""
    ca: str
    """Path of the CA certificate (PEM) that signs the emulated Internet."""
    country_code: str
    access: str
    """Which access is in use and why, in one line."""
    overlay: str | None = None
    """Whose overlay lies over its configuration."""

    @property
    def has_bearers(self) -> bool:
        """Whether each line is a network of its own."""
        return self.access.startswith("bearer")


def reachable(address: str) -> str:
    """How this machine's programs reach what is bound there: on every address includes the loopback one."""
    host, _, port = address.rpartition(":")
    return f"{_LOOPBACK_OF.get(host, host)}:{port}"


@dataclass(frozen=True, slots=True)
class StateFolder:
    path: Path

    @classmethod
    def default(cls) -> Self:
        if chosen := os.environ.get("NFEMU_STATE"):
            return cls(Path(chosen).expanduser().absolute())
        base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        return cls(Path(base).expanduser().absolute() / "nfemu" / "default")

    @property
    def database(self) -> Path:
        return self.path / "nfemu.sqlite"

    @property
    def api_token(self) -> Path:
        return self.path / "api.token"

    @property
    def keys(self) -> Path:
        """Generated secrets, mode 0700."""
        return self.path / "keys"

    @property
    def ca(self) -> Path:
        """Certificate (PEM) of the authority that signs the emulated Internet."""
        return self.path / "ca" / "ca.pem"

    @property
    def origin_socket(self) -> Path:
        """Where the built-in origins listen for the gateway."""
        return self.path / "origin.sock"

    @property
    def status_file(self) -> Path:
        return self.path / "status.json"

    @property
    def lock_file(self) -> Path:
        """Locked (flock) by the running control process for as long as it lives; holds its process id."""
        return self.path / "lock"

    @property
    def log_file(self) -> Path:
        return self.path / "nfemu.log"

    def status(self) -> RunningStatus:
        """Raises Unavailable when no carrier runs here."""
        try:
            return RunningStatus(**json.loads(self.status_file.read_text()))
        except (OSError, ValueError, TypeError):
            raise Unavailable("nfemu is not running; start it with `nfemu up`") from None

    def publish(self, status: RunningStatus) -> None:
        """Write `status.json` whole or not at all. Raises Unavailable where there is no room."""
        part = self.status_file.with_suffix(".part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(json.dumps(asdict(status), indent=1) + "\n")
            part.replace(self.status_file)
        except OSError as error:
            place = error.filename or part
            raise Unavailable(f"`{place}`: {error.strerror}; the state folder must be there and have room") from error

    def withdraw(self) -> None:
        """The carrier has stopped."""
        self.status_file.unlink(missing_ok=True)
