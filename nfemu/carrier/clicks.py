"""Somebody opens the link in a message."""

from nfemu.bss.notices import click_code, clicked
from nfemu.carrier.commands import Begin, Commit, Emit, LoadInbox, Now, Step, ask
from nfemu.carrier.lines import locked_line
from nfemu.carrier.ports import PutNotice
from nfemu.model import events
from nfemu.model.errors import NotFound
from nfemu.model.identity import Msisdn
from nfemu.model.notices import Notice


def click(msisdn: Msisdn, name: str) -> Step[Notice]:
    """Mark the message as clicked, unless it is. `name`: its number, or what its link carries of it.

    Raises NotFound where the phone has no such message, Conflict where that has no link, Unavailable.
    """
    yield from ask(Begin())
    _, line = yield from locked_line(msisdn)
    imsi = line.subscriber.imsi
    found = [each for each in (yield from ask(LoadInbox(imsi))) if name in (each.id, click_code(each.id))]
    if not found:
        raise NotFound(f"the phone has received no message `{name}`; `nfemu inbox NUMBER` shows those that it has")
    after = clicked(found[0], (yield from ask(Now())))
    if after is not found[0]:
        detail = {"notice": after.id, "kind": after.kind.value, "channel": after.channel.value}
        yield from ask(Emit(imsi, after.correlation, events.NOTICE_CLICKED, detail))
        yield from ask(Commit((PutNotice(after),)))
    return after
