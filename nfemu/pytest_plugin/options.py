"""What a test run says about its emulator: on the command line, else in the environment, else in the ini file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

_NAMED = {
    "url": "Use the emulator whose API is there, instead of one of the run's own.",
    "token": "The API token that goes with it (rather in the environment: a command line is seen by others).",
    "token-file": "The file that holds it, such as `api.token` of the state folder.",
    "proxy": "The emulator's HTTP proxy, HOST:PORT, where it is on another machine or in a container.",
    "ca": "The certificate (PEM) of its authority, there.",
    "state": "Use the emulator that runs on this state folder.",
    "instance": "Use the emulator that runs as this instance.",
    "config": "Configuration folder of the run's own emulator.",
    "carrier": "Overlay of the run's own emulator, such as `rheinfunk`.",
    "set": "Single values of its configuration, like `carrier.access=proxy`; blanks between.",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Empty texts where nothing is said. Paths are relative to the folder of the ini file, or as given."""

    url: str
    token: str
    token_file: str
    proxy: str
    ca: str
    state: str
    instance: str
    config: str
    carrier: str
    set: str

    @classmethod
    def of(cls, config: pytest.Config) -> Self:
        return cls(**{name.replace("-", "_"): _said(config, name) for name in _NAMED})

    @property
    def names_one(self) -> bool:
        """Whether an emulator that runs already is to be used."""
        return bool(self.url or self.state or self.instance)


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("nfemu", "nfemu: an emulated mobile carrier")
    for name, text in _NAMED.items():
        own = name.replace("-", "_")
        group.addoption(f"--nfemu-{name}", metavar=name.upper(), help=f"{text} Environment: {_variable(own)}.")
        parser.addini(f"nfemu_{own}", text)


def _said(config: pytest.Config, name: str) -> str:
    own = name.replace("-", "_")
    typed = config.getoption(f"--nfemu-{name}")
    if typed is not None:
        return str(typed)
    if found := os.environ.get(_variable(own)):
        return found
    written = str(config.getini(f"nfemu_{own}") or "")
    is_path = name in ("token-file", "ca", "state", "config")
    return str(Path(config.rootpath, written).absolute()) if written and is_path else written


def _variable(name: str) -> str:
    """Not those of the commands: each test empties its emulator, so it must be named for that on purpose."""
    return f"NFEMU_PYTEST_{name.upper()}"
