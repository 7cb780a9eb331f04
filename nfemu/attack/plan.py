"""Who is attacked, by which ways, for which number, and what the `$names` in the tables stand for."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from nfemu.attack.limits import PATIENCE_S, check_loopback
from nfemu.attack.line import LineSockets
from nfemu.attack.requests import SPOOF
from nfemu.attack.values import Flip, Form, Identity, Line, Need
from nfemu.model.errors import InvalidInput

FORGED = "8613912345678"
_WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in "abcdefghijklmnopqrstuvwxyz"}
_CYRILLIC = str.maketrans("aeopc", "аеорс")


@dataclass(frozen=True, slots=True)
class Place:
    """A destination as the proxy reaches it; `address`: what its name resolves to there, where that is known."""

    host: str
    port: int = 80
    address: str | None = None

    @classmethod
    def read(cls, text: str, address: str | None = None) -> "Place":
        """`name`, `name:port` or `address:port`. Raises InvalidInput."""
        host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
        try:
            return cls(host, int(port), address) if colon else cls(text, 80, address)
        except ValueError:
            raise InvalidInput(
                f"`{text}` is no destination; write it like portal.carrier.example or 127.0.0.1:9000"
            ) from None

    @property
    def authority(self) -> str:
        return self.host if self.port == 80 else f"{self.host}:{self.port}"

    @property
    def tls_port(self) -> int:
        """Where TLS goes: 443 beside 80, else the same port."""
        return 443 if self.port == 80 else self.port

    @property
    def is_name(self) -> bool:
        try:
            ip_address(self.host.strip("[]"))
        except ValueError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Plan:
    """`entries`: where each form's connections go. `user`: the proxy user name, None where the proxy asks for none.

    `recording_port`: where the trusted origin listens on this machine. `flip` changes the line; None: it cannot be.
    `other_recorded`: whether the other destination is a recording origin; else only answers show what arrives there.
    """

    entries: Mapping[Form, tuple[str, int]]
    identity: Identity
    trusted: Place
    other: Place
    lines: tuple[Line, ...]
    user: str | None
    recording_port: int
    flip: Callable[[Flip], Awaitable[None]] | None = None
    other_recorded: bool = True
    reaches_loopback: bool = False
    patience_s: float = PATIENCE_S
    line: LineSockets | None = None
    """Sockets of the line itself, for the bearer's form."""

    def check(self, *, own_network: bool) -> None:
        """Raises InvalidInput when a proxy is not this machine's."""
        for host, _ in self.entries.values():
            check_loopback(host, own_network=own_network)

    def has(self, form: Form) -> bool:
        """Whether it can be played at all."""
        return form in self.entries or (form is Form.BEARER and self.line is not None)

    def lacks(self, need: Need) -> bool:
        match need:
            case Need.USER_NAME:
                return self.user is None
            case Need.ADDRESSES:
                return self.trusted.address is None or self.other.address is None
            case Need.FLIP:
                return self.flip is None
            case Need.NAMES:
                return not (self.trusted.is_name and self.other.is_name)
            case Need.GUARD:
                return self.reaches_loopback
            case Need.RECORD:
                return not self.other_recorded

    def names(self, form: Form, mark: str) -> dict[str, str]:
        """What the `$names` stand for, in Latin-1."""
        user = self.user or ""
        who = f"Proxy-Authorization: Basic {_basic(user)}\r\n" if self.user is not None else ""
        asked = who if form is Form.PROXY else ""
        at = "http://" if form is Form.PROXY else ""
        return {
            **_header_spellings(self.identity.header),
            **_place("trusted", self.trusted, at),
            **_place("other", self.other, at),
            **_name_spellings(self.trusted.host),
            **_inner(self.identity, self.trusted.host),
            "mark": mark,
            "value": self.identity.value,
            "forged": self.identity.forged,
            "forged_credentials": _basic(self.identity.forged),
            "who": asked,
            "who_lf": asked.replace("\r\n", "\n"),
            "user": who.removesuffix("\r\n") + "\r\n" if who else "",
            "socks": f"\x05\x01\x02\x01{_counted(user)}\x01x",
            "trusted_port_here": str(self.recording_port),
            "trusted_port_octets": self.recording_port.to_bytes(2, "big").decode("latin-1"),
        }


def _place(name: str, place: Place, at: str) -> dict[str, str]:
    return {
        name: place.authority,
        f"at_{name}": f"{at}{place.authority}" if at else "",
        f"{name}_host": place.host,
        f"{name}_colon_port": place.authority.removeprefix(place.host),
        f"{name}_port": str(place.port),
        f"{name}_tls_port": str(place.tls_port),
        f"{name}_address": place.address or "",
    }


def _header_spellings(header: str) -> dict[str, str]:
    first = header.replace("-", "_", 1)
    return {
        "header": header,
        "header_swapped": header.swapcase(),
        "header_underscored": header.replace("-", "_"),
        "header_mixed": first.lower(),
        "header_dotted": header.replace("-", "."),
        "header_encoded": header.replace("-", "%2d"),
    }


def _name_spellings(host: str) -> dict[str, str]:
    first, _, rest = host.partition(".")
    return {
        "trusted_upper": host.upper(),
        "trusted_wide": _octets(f"{first.translate(_WIDE)}.{rest}"),
        "trusted_cyrillic": _octets(f"{first.translate(_CYRILLIC)}.{rest}"),
        "trusted_short": host[:-1],
        "trusted_underscored": host.replace(".", "_", 1),
        "trusted_encoded": f"%{ord(host[0]):02x}{host[1:]}",
        "trusted_counted": _counted(host),
        "trusted_nul_counted": _counted(f"{host}\0.evil.test"),
    }


def _inner(identity: Identity, host: str) -> dict[str, str]:
    """How long the request is that smuggling cases hide (smuggling.py)."""
    spoof = SPOOF.replace("$header", identity.header).replace("$forged", identity.forged)
    length = len(f"GET /inner HTTP/1.1\r\nHost: {host}\r\n{spoof}\r\n")
    return {"inner_length": str(length), "inner_hex": f"{length:x}"}


def _counted(text: str) -> str:
    return chr(len(text)) + text


def _octets(text: str) -> str:
    return text.encode().decode("latin-1")


def _basic(user: str) -> str:
    return b64encode(f"{user}:x".encode()).decode()
