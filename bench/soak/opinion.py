"""What may be true at this moment, bounded by acknowledgements and not by time.

While a change is under way, both sides of it are possible; from its acknowledgement on only the new one is. Whoever
watches meanwhile collects everything that was possible while it watched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Generic, TypeVar

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Verdict
from nfemu.policy.rules import NO_BINDINGS, PolicySet, decide

T = TypeVar("T")


class Watched(Generic[T]):
    """A value that changes in two steps."""

    def __init__(self, value: T) -> None:
        self._possible = {value}
        self._watching: list[set[T]] = []

    def begin(self, *values: T) -> None:
        """A change is asked for that may lead to any of `values`."""
        self._possible.update(values)
        for seen in self._watching:
            seen.update(values)

    def settle(self, value: T) -> None:
        """The change is acknowledged."""
        self.begin(value)
        self._possible = {value}

    @contextmanager
    def watch(self) -> Iterator[set[T]]:
        """Everything that is possible at some time inside the context."""
        seen = set(self._possible)
        self._watching.append(seen)
        try:
            yield seen
        finally:
            self._watching = [each for each in self._watching if each is not seen]


@dataclass(frozen=True, slots=True)
class Situation:
    """Of one line. `policy` None: not attached. `address` None: not known yet."""

    policy: str | None
    address: str | None = None


class Seen(Enum):
    """What became of a request."""

    SERVED = "served"
    REDIRECTED = "redirected"
    REFUSED = "refused"


def expected(policies: PolicySet, situation: Situation, host: str, scheme: Scheme) -> Seen:
    """What `decide` says: of plain HTTP on port 80, of a tunnel (scheme RAW) to port 443."""
    if situation.policy is None:
        return Seen.REFUSED
    plain = scheme is Scheme.HTTP
    destination = Destination(host, None, 80 if plain else 443, Transport.TCP, scheme)
    decision = decide(policies.profile(PolicyName(situation.policy)), destination, NO_BINDINGS, datetime.now(UTC))
    if decision.verdict is Verdict.ALLOW:
        return Seen.SERVED
    return Seen.REDIRECTED if plain and decision.verdict is Verdict.REDIRECT else Seen.REFUSED
