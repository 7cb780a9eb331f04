"""The process that becomes a program on a line: `python -P -m nfemu.client.line.become STATE NUMBER PROGRAM…`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from nfemu.client.api import Client
from nfemu.client.line.programs import become
from nfemu.client.state import StateFolder
from nfemu.model.errors import NfemuError


def main(arguments: Sequence[str]) -> NoReturn:
    state = StateFolder(Path(arguments[0]))
    try:
        become(Client.find(state), state, arguments[1], arguments[2:])
    except NfemuError as error:
        sys.exit(f"nfemu: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
