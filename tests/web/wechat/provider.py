"""An emulated WeChat Pay on a database of its own, served on loopback; business time and agenda are the test's."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType

from nfemu.model.errors import Unavailable
from nfemu.store import SqlStore
from nfemu.store.wechat_books import WechatBooks
from nfemu.web.listener import Listener
from nfemu.web.wechat.app import MerchantApi
from nfemu.web.wechat.debugger import Debugger
from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.gate import Gate
from nfemu.web.wechat.merchants import Merchant, Merchants
from nfemu.web.wechat.outbox import Duty, Heard, Outbox
from nfemu.web.wechat.refusals import Refusals
from nfemu.wechat.entries import Entry
from nfemu.wechat.notification import Notification
from tests.fakes.world import START

APPID = "wxd678efh567hg6787"
MCHID, BY_CERTIFICATE = "1900000109", "1900000110"
KEY = b"k" * 32


def wall() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Told:
    """What a merchant was sent."""

    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class MerchantServer:
    """Answers notifications as told, 200 at the end."""

    answers: list[int] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        self.told.append(Told(url, body, dict(headers)))
        return Heard(self.answers.pop(0) if self.answers else 200)


class Books(WechatBooks):
    """Those of a disk that is full for `unwritable` entries, or of one that is away where they are not `readable`."""

    unwritable: tuple[type[Entry], ...] = ()
    readable: bool = True

    async def keep(self, entries: Iterable[Entry]) -> None:
        kept = list(entries)
        if any(isinstance(entry, self.unwritable) for entry in kept):
            raise Unavailable("the disk is full")
        await super().keep(kept)

    async def notification(self, identifier: str) -> Notification | None:
        if not self.readable:
            raise Unavailable("the store is away")
        return await super().notification(identifier)


class Provider:
    """`now` moves when the test moves it; what is planned for then is done by `advance`."""

    def __init__(self, store: SqlStore, merchants: Merchants) -> None:
        self.store = store
        self.books = Books(store._read, store._write)
        self.merchants = merchants
        self.now = START
        self.server = MerchantServer()
        self.refusals = 0
        self._begin()

    def _begin(self) -> None:
        self.duties: list[tuple[datetime, Duty]] = []
        refusals = Refusals(lambda mchid: self.merchants.find(mchid) is not None)
        self.debugger = Debugger(self.merchants, refusals, wall)
        outbox = Outbox(self.books, self.merchants, self.server, self._later, lambda: self.now, wall, refusals)
        self.desk = Desk(KEY, self.books, outbox, lambda: self.now, self._refuse)
        api = MerchantApi(self.desk, self.merchants, Gate(self.merchants, wall, refusals), wall)
        self.app = api.application()
        self._listener = Listener(self.app, "127.0.0.1", 0, "of this test")

    async def start(self) -> None:
        await self.desk.resume()
        await self._listener.start()

    async def stop(self) -> None:
        await self.desk.settle()
        await self._listener.stop()

    async def restart(self) -> None:
        """Another process on the same books."""
        await self.stop()
        self._begin()
        await self.start()

    @property
    def url(self) -> str:
        host, port = self._listener.address
        return f"http://{host}:{port}"

    async def advance(self, by: timedelta) -> list[str]:
        """What happened on the way."""
        until, happened = self.now + by, []
        while (due := min((at for at, _ in self.duties), default=until)) <= until and self.duties:
            index = [at for at, _ in self.duties].index(due)
            self.now = max(self.now, due)
            text = await self.duties.pop(index)[1]()
            happened += [text] if text is not None else []
        self.now = until
        return happened

    def merchant(self, mchid: str = MCHID) -> Merchant:
        return self.merchants.named(mchid)

    def client(self, mchid: str = MCHID, kind: WeChatPayType = WeChatPayType.H5) -> "Client":
        return Client(self, mchid, kind)

    def _later(self, due_at: datetime, duty: Duty) -> None:
        self.duties.append((due_at, duty))

    def _refuse(self) -> None:
        self.refusals += 1


class Client:
    """The independent client `wechatpayv3`, as a merchant uses it; only the host is another one."""

    def __init__(self, provider: Provider, mchid: str, kind: WeChatPayType) -> None:
        self._provider = provider
        merchant = provider.merchant(mchid)
        self._settings: dict[str, Any] = {
            "wechatpay_type": kind,
            "mchid": mchid,
            "private_key": merchant.private_key_file.read_text(),
            "cert_serial_no": merchant.serial,
            "appid": APPID,
            "apiv3_key": merchant.api_v3_key.decode(),
            "notify_url": "https://merchant.example/notify",
        }
        key = provider.merchants.platform.bare
        self._settings |= {"public_key": key.public_pem.decode(), "public_key_id": key.serial}
        self._made: WeChatPay | None = None

    async def __call__(self, operation: str, **arguments: Any) -> Any:
        """What it returns: the HTTP status and the body."""
        return await asyncio.to_thread(self._call, operation, arguments)

    def _call(self, operation: str, arguments: dict[str, Any]) -> Any:
        if self._made is None:
            by_certificate = self._settings["mchid"] == BY_CERTIFICATE
            self._made = _made(self._provider.url, self._settings, by_certificate=by_certificate)
        return getattr(self._made, operation)(**arguments)


def _made(url: str, settings: dict[str, Any], *, by_certificate: bool) -> WeChatPay:
    """It asks for certificates while it is made, unless it has a public key; the host can be another one only then."""
    made = WeChatPay(**settings)
    core = made._core
    core._gate_way = url
    if by_certificate:
        core._public_key = core._public_key_id = None
    return made


H5: dict[str, Any] = {
    "description": "话费充值",
    "out_trade_no": "R20261101000001",
    "amount": {"total": 5000, "currency": "CNY"},
    "scene_info": {"payer_client_ip": "10.45.0.2", "h5_info": {"type": "Wap"}},
}


def flipped(text: str, at: int) -> str:
    """With one character changed."""
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
