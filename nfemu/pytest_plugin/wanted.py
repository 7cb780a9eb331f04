"""`@pytest.mark.nfemu(…)`: what a test needs of its emulator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import pytest

MARKER = (
    "nfemu(number, needs, carrier, settings, state, clock): what a test needs of its emulator: the number of "
    '`subscriber`; needs="bearer": lines with an IP interface, else it is skipped; carrier: an overlay, settings: '
    "single values of the configuration (an emulator of its own then); state: that it begins in; clock: "
    "business time then"
)
_NEEDS = ("", "bearer")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`settings` as `--set` takes them; `clock` in ISO 8601, with its zone."""

    number: str = ""
    needs: str = ""
    carrier: str = ""
    settings: tuple[str, ...] = ()
    state: str = "initial"
    clock: str = ""

    @classmethod
    def of(cls, node: pytest.Item) -> Self:
        """Of the test's markers, the nearest first. Raises UsageError."""
        return cls.read([mark.kwargs for mark in node.iter_markers("nfemu")])

    @classmethod
    def read(cls, markers: Iterable[Mapping[str, object]]) -> Self:
        """Raises UsageError."""
        said: dict[str, object] = {}
        for each in markers:
            said = {**each, **said}
        try:
            wanted = cls(**said)  # type: ignore[arg-type]  # as the test's author wrote them
        except TypeError as error:
            raise pytest.UsageError(f"@pytest.mark.nfemu: {error}") from None
        if wanted.needs not in _NEEDS:
            raise pytest.UsageError(f'@pytest.mark.nfemu: `{wanted.needs}` cannot be needed; write needs="bearer"')
        if isinstance(said.get("settings"), str):
            raise pytest.UsageError('@pytest.mark.nfemu: settings are several; write settings=["carrier.access=proxy"]')
        return cls(**{**said, "settings": tuple(wanted.settings)})  # type: ignore[arg-type]
