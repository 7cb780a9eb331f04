"""What became of something that was sent. `failure` is a sign of `model.signs`; empty where nothing failed."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Any, Self

from nfemu.model.destination import IpAddress
from nfemu.model.signs import NO_ANSWER, NO_DATA, NO_NAME, REFUSED, RESET
from nfemu.model.sinkhole import is_sinkhole


class Stage(Enum):
    """How far it came: where it failed, or `ANSWER`."""

    NAME = "name"
    CONNECT = "connect"
    TUNNEL = "tunnel"
    """CONNECT to a proxy; `status` is its answer's."""
    TLS = "TLS"
    REQUEST = "request"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """Of an HTTP request. `status` 0: there was no answer. `body` is cut where it is longer than was wanted."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    stage: Stage
    failure: str
    address: str
    """Of the far end, as the phone knows it; empty by proxy, where the gateway resolves names."""
    elapsed_ms: float
    """Wall time."""

    @classmethod
    def of(cls, url: str, data: Mapping[str, Any]) -> Self:
        headers = tuple((name, value) for name, value in data["headers"])
        return cls(
            url,
            data["status"],
            headers,
            b64decode(data["body"]),
            Stage(data["stage"]),
            data["failure"],
            data["address"],
            data["elapsed_ms"],
        )

    def header(self, name: str) -> str | None:
        """The first of that name, in any case."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    @property
    def location(self) -> str | None:
        """Where it redirects to, as it was written."""
        return self.header("location") if 300 <= self.status < 400 else None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def refused(self) -> bool:
        """Turned away at once, before a request could be sent: reset, refused, or CONNECT answered with 403."""
        return self.failure in (REFUSED, RESET) or (self.stage is Stage.TUNNEL and self.status == 403)


@dataclass(frozen=True, slots=True)
class Heard:
    """Of octets that were sent: what came back until the end, or in time."""

    data: bytes
    stage: Stage
    status: int
    """Of a proxy's answer to CONNECT where it is not 200, else 0."""
    headers: tuple[tuple[str, str], ...]
    failure: str
    address: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        headers = tuple((name, value) for name, value in data["headers"])
        stage = Stage(data["stage"])
        return cls(b64decode(data["body"]), stage, data["status"], headers, data["failure"], data["address"])

    @property
    def refused(self) -> bool:
        """As `Answer.refused`."""
        return self.failure in (REFUSED, RESET) or (self.stage is Stage.TUNNEL and self.status == 403)


@dataclass(frozen=True, slots=True)
class Record:
    """One of a DNS answer. `kind` such as `AAAA`; `ttl` in seconds."""

    kind: str
    ttl: int
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """Of a DNS question. `rcode` as RFC 1035 has it, empty where nobody answered; then `failure` says why."""

    rcode: str
    records: tuple[Record, ...]
    failure: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        records = tuple(Record(kind, ttl, text) for kind, ttl, text in data["records"])
        return cls(data["rcode"], records, data["failure"])

    @property
    def addresses(self) -> list[IpAddress]:
        return [ip_address(each.text) for each in self.records if each.kind in ("A", "AAAA")]

    @property
    def is_sinkhole(self) -> bool:
        return any(map(is_sinkhole, self.addresses))

    @property
    def sign(self) -> str:
        """Why there are no records, else empty."""
        if self.failure:
            return self.failure
        if self.rcode != "NOERROR":
            return {"NXDOMAIN": NO_NAME, "SERVFAIL": NO_ANSWER}.get(self.rcode, self.rcode)
        return "" if self.records else NO_DATA


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that has ended. `status` is negative for a signal."""

    status: int
    out: str
    err: str
