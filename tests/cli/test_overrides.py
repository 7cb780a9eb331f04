"""`--set` and `$NFEMU_SET`: what is read, and what is refused."""

import pytest

from nfemu.cli.overrides import read_settings
from nfemu.model.errors import InvalidInput


def test_values_are_read_as_in_the_file() -> None:
    settings = ("carrier.api.port=0", "carrier.api.names=[a.example, b.example]", "carrier.clock=wall", "a.b=")
    as_written = ("carrier.plmn.mnc=01", "dunning.hour=12:30", "dunning.limit=1.50", "a.is=true", "a.word=on")
    assert read_settings((*settings, *as_written, "carrier.clock=test")) == {
        "carrier.api.port": "0",
        "carrier.plmn.mnc": "01",
        "dunning.hour": "12:30",
        "dunning.limit": "1.50",
        "a.is": True,
        "a.word": "on",
        "carrier.api.names": ["a.example", "b.example"],
        "carrier.clock": "test",
        "a.b": None,
    }


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("carrier.api.port", "write it like"),
        ("=1", "write it like"),
        ("carrier.api.names=[", "is not valid YAML"),
        ("carrier.clock=!x wall", "is a tag"),
        ("carrier.api.names=&a [*a]", "refers to itself"),
    ],
)
def test_what_is_no_setting(setting: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_settings((setting,))
