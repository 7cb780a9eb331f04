"""Portal, provider and front on a real carrier service with fake ports, and a browser without JavaScript."""

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from nfemu.carrier.rules import CarrierRules
from nfemu.enrichment.values import EnrichedValue, HeaderRule
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.session import PdnSession
from nfemu.runtime import clocks
from nfemu.runtime.service import CarrierService
from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites
from nfemu.web.pages import Voice
from nfemu.web.portal.app import Ears, portal_application
from nfemu.web.portal.config import PortalConfig
from nfemu.web.portal.expected import Expected
from nfemu.web.portal.identity import Recognition, identify_by
from nfemu.web.portal.notify import NotificationReceiver
from nfemu.web.portal.shell import Shell
from nfemu.web.portal.wechat.receiver import WechatReceiver
from nfemu.web.provider.builtin import BuiltinProvider, ProviderConfig, merchant_key
from nfemu.web.provider.contracts import Contracts
from nfemu.web.provider.delivery import Duty
from nfemu.web.provider.site import ProviderSite
from nfemu.web.provider.till import Till
from tests.fakes.world import EVERYBODY, START, World, people
from tests.web.gateway_side import TOKEN, Answer, GatewaySide

NAMES = {"zh": "示例移动", "en": "Example Mobile"}
PORTAL = "portal.carrier.example"
PROVIDER_KEY = b"p" * 32


class MovableWall:
    """Wall time that a test can move; TLS sees the same."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Stack:
    def __init__(self, folder: Path, rules: CarrierRules | None = None) -> None:
        self.wall = MovableWall()
        self.world = World(rules)
        self.clock = clocks.TestClock(self.world.store, START)
        self.provider = BuiltinProvider(
            ProviderConfig(merchant=NAMES),
            PROVIDER_KEY,
            self.world.store,
            self._deliver,
            self._later,
            self.clock.now,
            self.wall,
            Contracts(PROVIDER_KEY, self.world.store),
        )
        self.refused_deliveries: list[int] = []
        self.broken = False
        self.service = CarrierService(
            store=self.world.store,
            enforcer=self.world.enforcer,
            notifier=self.world.notifier,
            provider=self.provider,
            clock=self.clock,
            ids=self.world.ids,
            rules=self.world.rules,
            page_delivery=3600,
        )
        self.expected = Expected()
        self.receiver = NotificationReceiver(self.service, merchant_key(PROVIDER_KEY), self.wall, self.expected)
        self.ears = Ears(self.receiver, WechatReceiver(self.service, lambda: None, self.expected, self.wall))
        self.till = Till(self.service, self.provider.collect, self.expected)
        recognition = Recognition(PORTAL, "portal", "86", b"", {}, self.service.session_at, self.wall)
        identify = identify_by([HeaderRule("X-MSISDN", EnrichedValue.MSISDN)], recognition)
        self.shell = Shell(
            PortalConfig(Voice(NAMES, emergency=("110", "119", "120"))), self.service, identify, b"k" * 32, self.wall
        )
        self.recorder = Recorder(self.wall)
        self.authority = CertificateAuthority.load_or_create(folder / "ca", self.wall)
        apps = {
            PORTAL: portal_application(self.shell, self.ears),
            "pay.provider.example": ProviderSite(self.provider, (f"https://{PORTAL}",)).application(),
        }
        dispatcher = OriginDispatcher(apps, EmulatedSites({}), self.recorder)
        self.front = OriginFront(dispatcher, self.authority, folder / "origin.sock", TOKEN)
        self.gateway = GatewaySide(folder / "origin.sock", self.authority.pem)

    async def start(self) -> None:
        await self.world.store.commit(people())
        await self.service.start()
        for msisdn in EVERYBODY:
            await self.service.attach(msisdn)
        await self.front.start()

    async def stop(self) -> None:
        await self.gateway.close()
        await self.front.stop()
        await self.provider.notifications.settle_attempts()
        await self.service.stop()

    async def overdue(self, msisdn: Msisdn, amount: int = 5900) -> None:
        await self.service.charge(msisdn, Money(amount))

    def session(self, msisdn: Msisdn) -> PdnSession:
        found = [state for state in self.service.line_states() if state.msisdn == msisdn]
        session = self.service.session_at(found[0].ue_ipv4) if found[0].ue_ipv4 else None
        assert session is not None
        return session

    def ue(self, msisdn: Msisdn) -> str:
        return str(self.session(msisdn).ue_ipv4)

    def browser(self, msisdn: Msisdn, language: str | None = None) -> "Browser":
        return Browser(self, msisdn, language)

    def _later(self, due_at: datetime, duty: Duty) -> None:
        self.service.at(due_at, duty)

    async def _deliver(self, body: bytes, headers: object) -> int:
        assert isinstance(headers, dict)
        if self.broken:
            self.refused_deliveries.append(503)
            return 503
        return await self.receiver.deliver(body, headers)


@dataclass
class Browser:
    """Follows redirects, keeps the portal's cookie, fills forms; the gateway enriches its plain-HTTP requests."""

    stack: Stack
    msisdn: Msisdn
    language: str | None = None
    cookie: str | None = None
    enriched: bool = True
    url: str = ""
    page: Answer = field(default_factory=lambda: Answer(0, [], b""))

    async def open(self, url: str) -> Answer:
        return await self._send("GET", url, b"")

    async def submit(self, **changed: str) -> Answer:
        """Post the page's first form that has a field, or its first form at all."""
        forms = re.findall(r'<form method="post" action="([^"]*)">(.*?)</form>', self.page.text, re.DOTALL)
        action, inside = next((form for form in forms if set(changed) & set(fields(form[1]))), forms[0])
        body = urlencode({**fields(inside), **changed}).encode()
        return await self._send("POST", urljoin(self.url, html.unescape(action)), body)

    async def click(self, text: str) -> Answer:
        links = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', self.page.text)
        (target,) = [link for link, label in links if text in html.unescape(label)]
        return await self.open(urljoin(self.url, html.unescape(target)))

    async def post(self, url: str, form: dict[str, str], headers: list[tuple[str, str]] | None = None) -> Answer:
        return await self._send("POST", url, urlencode(form).encode(), headers)

    async def request_once(
        self, method: str, url: str, body: bytes = b"", headers: list[tuple[str, str]] | None = None
    ) -> Answer:
        """One request without following."""
        sent = list(headers or [])
        parts = urlsplit(url)
        if self.language:
            sent.append(("Accept-Language", self.language))
        if self.enriched and parts.scheme == "http" and parts.hostname == PORTAL:
            sent.append(("X-MSISDN", self.msisdn.e164))
        if self.cookie and parts.scheme == "https" and parts.hostname == PORTAL:
            sent.append(("Cookie", f"__Host-session={self.cookie}"))
        if method == "POST" and not any(name == "Content-Type" for name, _ in sent):
            sent.append(("Content-Type", "application/x-www-form-urlencoded"))
        answer = await self.stack.gateway.fetch(method, url, sent, body, ue=self.stack.ue(self.msisdn))
        set_cookie = answer.header("set-cookie")
        if set_cookie:
            self.cookie = set_cookie.partition(";")[0].partition("=")[2]
        return answer

    async def _send(self, method: str, url: str, body: bytes, headers: list[tuple[str, str]] | None = None) -> Answer:
        for _ in range(8):
            self.page = await self.request_once(method, url, body, headers)
            self.url = url
            if self.page.status != 303:
                return self.page
            method, url, body = "GET", urljoin(url, self.page.header("location") or ""), b""
        raise AssertionError("redirects without end")


def fields(form: str) -> dict[str, str]:
    """Names and values of a form's inputs."""
    tags = re.findall(r"<input ([^>]*)>", form)
    attributes = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in tags]
    return {each["name"]: html.unescape(each.get("value", "")) for each in attributes}


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))
