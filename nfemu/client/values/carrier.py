"""The carrier as a whole: its clock, parts, configuration and states."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from nfemu.client.values.plain import known_fields, moment


@dataclass(frozen=True, slots=True)
class OwnClock:
    """Of an account that is ahead of the carrier."""

    account: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    now: datetime
    kind: str
    """`wall` or `test`."""
    happened: list[str]
    """What fell due while the clock moved."""
    own: list[OwnClock]
    """Accounts on clocks of their own, by name."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        own = [OwnClock(each["account"], moment(each["now"])) for each in data["own"]]
        return cls(moment(data["now"]), data["kind"], data["happened"], own)

    def now_of(self, account: str | None) -> datetime:
        """Business time of that account; None: the carrier's."""
        return next((each.now for each in self.own if each.account == account), self.now)


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One thing that a reload met. `note`: whom it concerns, or, where it is not `applied`, why."""

    file: str
    subject: str
    change: str
    note: str
    applied: bool

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))

    def __str__(self) -> str:
        """`policies.yaml: profile arrears: + host pay2.example (payment) …; affects 3 restricted lines`."""
        text = f"{self.file}: {self.subject}: {self.change}" + ("" if self.applied else ": not applied")
        return f"{text}; {self.note}" if self.note else text


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    healthy: bool
    detail: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Status:
    version: str
    healthy: bool
    subscribers: int
    clock: Clock
    components: list[Component]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(
            data["version"],
            data["healthy"],
            data["subscribers"],
            Clock.of(data["clock"]),
            [Component.of(each) for each in data["components"]],
        )


@dataclass(frozen=True, slots=True)
class NamedState:
    name: str
    built_in: bool
    """True for `initial`: what the configuration's files give."""
    saved_at: datetime | None
    """Wall time."""
    business_time: datetime | None
    """Where business time stood."""
    subscribers: int | None
    damaged: bool
    """It cannot be loaded: cut off, changed, or of a newer program."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        moments = {name: moment(data[name]) if data[name] else None for name in ("saved_at", "business_time")}
        return cls(**{**known_fields(cls, data), **moments})


@dataclass(frozen=True, slots=True)
class LoadedState:
    name: str
    differences: list[str]
    """In what the configuration differs from that under which the state was saved, a line each."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))
