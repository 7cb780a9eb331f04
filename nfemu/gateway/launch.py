"""What the control process tells a worker at its birth: one JSON document on its standard input.

Not on the command line, where every user of the machine could read the subscribers' numbers.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from nfemu.model.identity import Msisdn


@dataclass(frozen=True, slots=True)
class Launch:
    """`parent` is the control process; the other numbers are inherited file descriptors of listening sockets."""

    parent: int
    control_socket: Path
    link_token: Path
    http: int
    socks: int
    lines: tuple[tuple[Msisdn, int], ...]
    bearers: tuple[int, ...]


_ADAPTER: TypeAdapter[Launch] = TypeAdapter(Launch)


def dump_launch(launch: Launch) -> bytes:
    return _ADAPTER.dump_json(launch)


def load_launch(data: bytes) -> Launch:
    """Raises pydantic's ValidationError."""
    return _ADAPTER.validate_json(data)
