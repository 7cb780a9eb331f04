"""The state folder: where one carrier keeps what lasts, and where its clients find it.

Default: `$NFEMU_STATE`, else that of the instance `$NFEMU_INSTANCE`, else that of the instance `default`. An instance
is a name for one of the folders `$XDG_STATE_HOME/nfemu/NAME`, or without that `~/.local/state/nfemu/NAME`.
"""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from nfemu.model.errors import InvalidInput, Unavailable

DEFAULT_INSTANCE = "default"
_INSTANCE = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
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
    settings: list[str] | None = None
    """What `--set` replaced in it; None: it is not known."""
    smpp: str | None = None
    """Where receivers of short messages bind; None where the message centre is off."""

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
        return cls.of_instance(os.environ.get("NFEMU_INSTANCE") or DEFAULT_INSTANCE)

    @classmethod
    def of_instance(cls, name: str) -> Self:
        """Raises InvalidInput for what is no name of an instance."""
        if not _INSTANCE.fullmatch(name):
            raise InvalidInput(
                f"`{name}` is not the name of an instance: lower-case letters, digits and `-`, 31 at the most; write "
                "it like team-a"
            )
        return cls(_home() / name)

    @classmethod
    def instances(cls) -> list[Self]:
        """Those that have been started, by name."""
        home = _home()
        folders = sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
        found = [cls(path) for path in folders if _INSTANCE.fullmatch(path.name)]
        return [folder for folder in found if folder.lock_file.exists()]

    @property
    def instance(self) -> str | None:
        """Its name as an instance; None for a folder elsewhere."""
        own = self.path.parent == _home() and _INSTANCE.fullmatch(self.path.name)
        return self.path.name if own else None

    @property
    def database(self) -> Path:
        return self.path / "nfemu.sqlite"

    @property
    def api_token(self) -> Path:
        return self.path / "api.token"

    @property
    def smpp_password(self) -> Path:
        """What receivers of short messages bind with."""
        return self.path / "smpp.password"

    @property
    def keys(self) -> Path:
        """Generated secrets, mode 0700."""
        return self.path / "keys"

    @property
    def webhooks(self) -> Path:
        """Who is called on events, and the secrets that it is signed with."""
        return self.keys / "webhooks"

    @property
    def ca(self) -> Path:
        """Certificate (PEM) of the authority that signs the emulated Internet."""
        return self.path / "ca" / "ca.pem"

    @property
    def origin_socket(self) -> Path:
        """Where the built-in origins listen for the gateway."""
        return self.path / "origin.sock"

    @property
    def merchants(self) -> Path:
        """Merchants of the emulated WeChat Pay, a folder each."""
        return self.path / "merchants"

    @property
    def states(self) -> Path:
        """Named states of the whole carrier, a file each."""
        return self.path / "states"

    @property
    def leases(self) -> Path:
        """Locked (flock), a file each: by a run that has the carrier or shares it, and for each line that it took."""
        return self.path / "leases"

    @property
    def ports_file(self) -> Path:
        """The ports that a carrier took because any would do: it takes them again."""
        return self.path / "ports.json"

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


def _home() -> Path:
    """Where the folders of instances are."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser().absolute() / "nfemu"
