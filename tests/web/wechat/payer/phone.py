"""A payer's phone on the pages of wx.tenpay.com: a browser without JavaScript that shows what it was answered."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from nfemu.model.destination import IpAddress
from nfemu.web.portal.wechat.client import Answered
from nfemu.web.wechat.in_process import exchange
from nfemu.web.wechat.payer.site import PayerSite
from nfemu.wechat import h5_link
from nfemu.wechat.trade import Trade
from tests.web.wechat.asking import H5_ORDER, ORDER_H5, said
from tests.web.wechat.provider import Provider

ADDRESS = "10.45.0.2"
SHOP = "https://merchant.example/"
BACK = "https://merchant.example/done?order=1&lang=zh"


@dataclass(slots=True)
class Lines:
    """A carrier of which each address is a line. `told`: the provider's messages in English, with where they went."""

    told: list[tuple[str, str]] = field(default_factory=list)

    def payer_at(self, address: IpAddress) -> str:
        return f"payer at {address}"

    async def confirm(self, address: IpAddress, _: Trade, texts: Mapping[str, str]) -> None:
        self.told.append((str(address), texts["en"]))


@dataclass(slots=True)
class Phone:
    """`address` None: the connection has none; `scheme`: over which it comes."""

    provider: Provider
    address: str | None = ADDRESS
    scheme: str = "https"
    headers: dict[str, str] = field(default_factory=dict)
    place: str = ""
    """Path and query of what is shown."""
    status: int = 0
    text: str = ""
    lines: Lines = field(default_factory=Lines)
    _app: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        desk, merchants = self.provider.desk, self.provider.merchants
        self._app = PayerSite(
            desk, merchants, self.lines, lambda merchant: merchant.domains, lambda: "zh"
        ).application()

    async def order(self, back: str | None = BACK, **changed: Any) -> str:
        """The link of a new order, as the merchant sends the phone to it."""
        status, answer = await said(self.provider, "POST", ORDER_H5, {**H5_ORDER, **changed})
        assert status == 200, answer
        link = str(answer["h5_url"]).removeprefix(f"https://{h5_link.HOST}")
        return link if back is None else f"{link}&redirect_url={quote(back, safe='')}"

    async def open(self, target: str, referer: str | None = None) -> str:
        """What is there, redirects followed."""
        return await self._send("GET", target, {} if referer is None else {"referer": referer}, b"")

    async def press(self, action: str, **fields: str) -> str:
        """Send the page's form that leads to `action`."""
        (target,) = [each for each in self.forms() if each.partition("?")[0].endswith(f"/{action}")]
        return await self.post(target, **fields)

    async def post(self, target: str, **fields: str) -> str:
        return await self._send(
            "POST", target, {"content-type": "application/x-www-form-urlencoded"}, urlencode(fields).encode()
        )

    def forms(self) -> list[str]:
        return [html.unescape(each) for each in re.findall(r'<form method="post" action="([^"]*)"', self.text)]

    def links(self) -> list[str]:
        return [html.unescape(each) for each in re.findall(r'<a [^>]*href="([^"]*)"', self.text)]

    async def once(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Answered:
        app = coming(self._app, self.address, self.scheme)
        return await exchange(app, method, target, {**self.headers, **headers}, body)

    async def _send(self, method: str, target: str, headers: dict[str, str], body: bytes) -> str:
        answer = await self.once(method, target, headers, body)
        while answer.status == 303:
            target = answer.headers["location"]
            answer = await self.once("GET", target, {})
        self.place, self.status, self.text = target, answer.status, answer.body.decode()
        return self.text


def coming(app: ASGIApp, address: str | None, scheme: str = "https") -> ASGIApp:
    """`app` as a phone reaches it from there."""

    async def come(scope: Scope, receive: Receive, send: Send) -> None:
        client = None if address is None else (address, 40000)
        await app({**scope, "scheme": scheme, "client": client}, receive, send)

    return come
