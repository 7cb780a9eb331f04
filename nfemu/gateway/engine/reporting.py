"""What the judge refuses on a restricted line is told to the control process (G20)."""

from collections.abc import Iterator
from contextlib import contextmanager

from nfemu.gateway.engine.judge import Blocked, Line
from nfemu.gateway.ports import Reports


@contextmanager
def reporting(reports: Reports, line: Line) -> Iterator[None]:
    """Around a judgement on `line`. Lines whose policy allows what it does not name are nobody's concern."""
    try:
        yield
    except Blocked:
        if line.restricted:
            reports.blocked(line.state)
        raise
