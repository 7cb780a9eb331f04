"""`@pytest.mark.nfemu(…)`: what a test needs of its emulator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
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
        markers = list(node.iter_markers("nfemu"))
        unnamed = next((value for mark in markers for value in mark.args), None)
        if unnamed is not None:
            raise pytest.UsageError(f'@pytest.mark.nfemu: `{unnamed}` is for what? Write number="13800138000"')
        return cls.read([mark.kwargs for mark in markers])

    @classmethod
    def read(cls, markers: Iterable[Mapping[str, object]]) -> Self:
        """Raises UsageError."""
        said: dict[str, object] = {}
        for each in markers:
            said = {**each, **said}
        known = [field.name for field in fields(cls)]
        for name in said:
            if name not in known:
                possible = ", ".join(f"`{each}`" for each in known)
                raise pytest.UsageError(f"@pytest.mark.nfemu: unknown argument `{name}`; possible are {possible}")
        wanted = cls(**said)  # type: ignore[arg-type]  # as the test's author wrote them
        if wanted.needs not in _NEEDS:
            raise pytest.UsageError(f'@pytest.mark.nfemu: `{wanted.needs}` cannot be needed; write needs="bearer"')
        settings = said.get("settings", ())
        if not isinstance(settings, list | tuple) or not all(isinstance(each, str) for each in settings):
            raise pytest.UsageError('@pytest.mark.nfemu: settings are several; write settings=["carrier.access=proxy"]')
        return cls(**{**said, "settings": tuple(wanted.settings)})  # type: ignore[arg-type]
