"""An emulated WeChat Pay that nobody pays by: no merchants, and books that are not open."""

from datetime import datetime
from pathlib import Path

from nfemu.model.errors import Unavailable
from nfemu.runtime.service import CarrierService
from nfemu.store import SqlStore
from nfemu.web.portal.wechat.client import WechatClient
from nfemu.web.portal.wechat.reconciling import Reconciler
from nfemu.web.wechat.debugger import Debugger
from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.keys import PlatformKeys
from nfemu.web.wechat.merchants import Merchants
from nfemu.web.wechat.outbox import Heard, Outbox
from nfemu.web.wechat.refusals import Refusals
from tests.fakes.world import START


class WechatAtRest:
    """For a backend of the API whose test asks for other things."""

    def __init__(self, folder: Path) -> None:
        books = SqlStore(f"sqlite:///{folder / 'wechat.sqlite'}").wechat
        self.merchants = Merchants(folder / "merchants", PlatformKeys(folder / "platform", _now), _now)
        refusals = Refusals(lambda _: False)
        outbox = Outbox(books, self.merchants, _deliver, lambda *_: None, _now, _now, refusals)
        self.debugger = Debugger(self.merchants, refusals, _now)
        self.desk = Desk(b"k" * 32, books, outbox, _now, lambda: None)


def reconciler_of_nobody(carrier: CarrierService) -> Reconciler:
    """Of a portal that never became a merchant."""

    async def nobody() -> WechatClient:
        raise Unavailable("nobody pays here")

    return Reconciler(carrier, nobody)


def _now() -> datetime:
    return START


async def _deliver(*_: object) -> Heard:
    return Heard(200)
