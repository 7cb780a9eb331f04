"""A payment provider writes to its payer, whoever was paid (G13). What was paid to the carrier it confirms with the
settlement (`carrier.payments`)."""

from collections.abc import Mapping

from nfemu.bss.texts import FALLBACK
from nfemu.carrier.commands import Begin, NewId, Now, Step, ask
from nfemu.carrier.delivery import deliver_fresh
from nfemu.carrier.lines import locked_line
from nfemu.carrier.ports import PutNotice
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.view import commit
from nfemu.model.identity import Msisdn, NoticeId
from nfemu.model.notices import Channel, Notice, NoticeKind


def confirm(
    rules: CarrierRules, msisdn: Msisdn, sender: str, texts: Mapping[str, str], channel: Channel
) -> Step[Notice]:
    """The message, in the owner's language: `texts` by language, `en` at least. Raises NotFound, Unavailable."""
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    subscriber = line.subscriber
    text = texts.get(subscriber.language, texts[FALLBACK])
    identifier, now = NoticeId((yield from ask(NewId("ntc")))), (yield from ask(Now()))
    kind = NoticeKind.PAYMENT_CONFIRMED
    notice = Notice(identifier, subscriber.imsi, kind, sender, text, correlation, now, None, channel=channel)
    view = yield from commit(view, [PutNotice(notice)])
    yield from deliver_fresh(rules, view.account.id, [notice])
    return notice
