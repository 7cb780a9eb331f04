"""A situation once what was decided on it has been carried out: messages are on their way, orders wait in the queue."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from nfemu.bss.dunning.actions import Action, CancelStop, Remind, Stop, StopNotice
from nfemu.bss.dunning.situation import Service, Situation, Told
from nfemu.model.notices import NoticeKind


def carried_out(situation: Situation, actions: Sequence[Action], now: datetime) -> Situation:
    """The next situation, with nothing else happening."""
    fresh = [_told(action, now) for action in actions if isinstance(action, Remind | StopNotice)]
    services = {card.imsi: card.service for card in situation.cards}
    for action in actions:
        if isinstance(action, CancelStop):
            withdrawn = (imsi for imsi in action.cards if services[imsi] is Service.STOPPING)
            services |= dict.fromkeys(withdrawn, Service.OPEN)
        if isinstance(action, Stop):
            services |= dict.fromkeys(action.cards, Service.STOPPING)
    cards = tuple(replace(card, service=services[card.imsi]) for card in situation.cards)
    return replace(situation, told=(*situation.told, *fresh), cards=cards)


def _told(action: Remind | StopNotice, now: datetime) -> Told:
    kind = action.kind if isinstance(action, Remind) else NoticeKind.STOP_NOTICE
    return Told(kind, action.channel, action.imsi, now, amount=action.amount)
