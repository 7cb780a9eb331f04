"""What each line was told by our DNS: which name has which address, and until when (wall time)."""

from collections.abc import Sequence
from datetime import datetime

from nfemu.carrier.ports import LineState
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Imsi
from nfemu.policy.rules import NO_BINDINGS, Bindings

_PRUNED_FROM = 256
"""Entries of a line from which those that have lapsed are removed first."""


class BindingTable:
    """Of a line in one generation: whoever has its address next was told nothing."""

    def __init__(self) -> None:
        self._told: dict[Imsi, tuple[int, dict[tuple[str, IpAddress], datetime]]] = {}

    def bind(
        self, line: LineState, name: str, addresses: Sequence[IpAddress], until: datetime, now: datetime
    ) -> Bindings:
        """All that holds for the line from now on."""
        generation, told = self._told.get(line.imsi, (line.generation, {}))
        if generation != line.generation:
            told = {}
        if len(told) >= _PRUNED_FROM:
            told = {key: lapses for key, lapses in told.items() if lapses > now}
        for address in addresses:
            key = name, address
            told[key] = max(until, told.get(key, until))
        self._told[line.imsi] = line.generation, told
        return told

    def of(self, line: LineState) -> Bindings:
        generation, told = self._told.get(line.imsi, (0, NO_BINDINGS))
        return told if generation == line.generation else NO_BINDINGS

    def forget(self, imsi: Imsi) -> None:
        self._told.pop(imsi, None)
