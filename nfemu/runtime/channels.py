"""The emulated channels: SMS, the official account, calls. What they have taken, the store shows as the inbox."""

import logging
from collections.abc import Callable
from datetime import datetime

from nfemu.bss.channels import NoticeRules, Pace, admit, arrives
from nfemu.bss.urgency import URGENCY
from nfemu.carrier.ports import Delivery
from nfemu.model.notices import Channel, Notice

_log = logging.getLogger(__name__)


class Channels:
    """Implements `carrier.ports.Notifier`. `now` is business time; `rules` are those of the moment."""

    def __init__(self, now: Callable[[], datetime], rules: Callable[[], NoticeRules]) -> None:
        self._now = now
        self._rules = rules
        self._paces: dict[Channel, Pace] = {}

    async def send(self, notice: Notice) -> Delivery:
        rules = self._rules()
        channel = notice.channel
        pace = admit(rules.channel(channel), self._paces.get(channel), URGENCY[notice.kind], self._now())
        if pace is None:
            return Delivery.FULL
        self._paces[channel] = pace
        if not arrives(rules, notice):
            return Delivery.FAILED
        _log.info("message %s (%s) delivered by %s", notice.id, notice.kind.value, channel.value)
        return Delivery.TAKEN
