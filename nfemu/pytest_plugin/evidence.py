"""What a failed test's report says beside its traceback: what has happened on the lines that it used."""

from collections.abc import Iterator

from nfemu.model.errors import NfemuError
from nfemu.pytest_plugin.carrier import Carrier
from nfemu.pytest_plugin.line import SubscriberLine

_EVENTS = 30
"""The last of a line's timeline."""


def sections(carrier: Carrier) -> Iterator[tuple[str, str]]:
    """Title and text for each line."""
    for line in carrier.lines:
        yield f"nfemu timeline of {line.number}", "\n".join(_told(line))


def _told(line: SubscriberLine) -> Iterator[str]:
    from nfemu.scenario.report.text import told

    try:
        now = line.line
        yield f"{now.ordered} by order, {now.effective or 'nothing'} in force, {now.account.amount_due} due"
        yield from (told(event) for event in line.timeline[-_EVENTS:])
        yield from (f"SMS {notice.kind}: {notice.text}" for notice in reversed(line.inbox))
    except NfemuError as error:
        yield f"not to be had: {error}"
