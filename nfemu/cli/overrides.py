"""Single values of the configuration from the command line or the environment: `FILE.KEY=VALUE`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nfemu.files.source import read_value
from nfemu.model.errors import InvalidInput
from nfemu.settings import Configuration, load


def load_with(config: Path, settings: Sequence[str], carrier: str | None = None) -> Configuration:
    """The folder with a carrier's overlay, and `settings` in place of what both say. Raises InvalidInput."""
    return replace(load(config, read_settings(settings), carrier), settings=tuple(settings))


def read_settings(settings: Sequence[str]) -> dict[str, object]:
    """Place → value, for `settings.load`; the value is read as in the file. The last of two for one place counts.

    Raises InvalidInput for what is no setting; whether there is such a place is for the configuration to say.
    """
    read: dict[str, object] = {}
    for setting in settings:
        place, equals, text = setting.partition("=")
        if not (place and equals):
            raise InvalidInput(f"setting `{setting}` has no place or no value; write it like carrier.api.port=8600")
        try:
            read[place] = read_value(text)
        except InvalidInput as error:
            raise InvalidInput(f"setting `{setting}`: the value {error}") from None
    return read
