"""`SubscriberLine`: what the fixtures `subscriber` and `restricted_subscriber` are."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from threading import Event as Timer
from typing import Any

from nfemu.client import Client, StateFolder
from nfemu.client.device import Report, look
from nfemu.client.line import Answer, Heard, Phone, Ran, Told
from nfemu.client.line.browsing import Browser as Pages
from nfemu.client.line.way import check_attached
from nfemu.client.values import Event, Explanation, Notice, Session, Settlement, Subscriber
from nfemu.model.errors import Conflict
from nfemu.pytest_plugin.browser import Browser

JSON = ("Accept", "application/json")
"""The sites of the emulated Internet show what they received so that it can be read."""
_NOTICE_S = 8.0
"""What a worker reports goes a moment later."""
_PAUSE_S = 0.05
_DUE = Decimal(29)
_MOST_EVENTS = 500

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Response(Answer):
    """An answer that knows who asked, so that a failed assertion can say why it was so."""

    line: "SubscriberLine" = field(repr=False, compare=False)
    method: str = "GET"


@dataclass(slots=True, repr=False, eq=False)
class SubscriberLine:
    """A phone on a line, and its owner's dealings with the carrier. `number` as the carrier writes it.

    Its requests ask for JSON, unless they say what they accept: the emulated sites then show what they received.
    """

    client: Client
    state: StateFolder
    number: str
    e164: str
    _notices: frozenset[str]
    """That were there before the test."""
    _events: int
    _phone: tuple[object, Phone] | None = None
    _browsers: list[Browser] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<line {self.number}>"

    # ---- traffic

    def get(self, url: str, headers: Headers = (), follow: int = 0, **more: Any) -> Response:
        """As `request`."""
        return self.request(url, "GET", headers, follow=follow, **more)

    def post(self, url: str, body: bytes | str = b"", headers: Headers = (), follow: int = 0, **more: Any) -> Response:
        """As `request`."""
        return self.request(url, "POST", headers, body, follow, **more)

    def request(
        self,
        url: str,
        method: str = "GET",
        headers: Headers = (),
        body: bytes | str = b"",
        follow: int = 0,
        **more: Any,
    ) -> Response:
        """Send it, and follow so many redirects; whatever goes wrong on the line is in the answer. `more` as
        `nfemu.client.line.Phone.request` takes it (`at`, `verify`, `patience_s`, `most`)."""
        given = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        if not any(name.lower() == "accept" for name, _ in given):
            given.insert(0, JSON)
        content = body.encode() if isinstance(body, str) else body
        answer = self.phone.request(url, method, given, content, follow, **more)
        return Response(**{each.name: getattr(answer, each.name) for each in fields(Answer)}, line=self, method=method)

    def dig(self, name: str, kind: str = "A", resolver: str | None = None) -> Told:
        """A DNS question. Raises Conflict by proxy."""
        self._check_bearer("a DNS question")
        return self.phone.dig(name, kind, resolver)

    def device(self, system: str, api: str | None = None) -> Report:
        """What `android`, `ios`, `windows` or `firefox` finds out: `.sign_in`, `.because`; as `nfemu device`."""
        return look(self.client, self.state, self.number, system, api)

    def quic(self, host: str) -> Heard:
        """Knock with the first datagram of a QUIC connection. Raises Conflict by proxy."""
        self._check_bearer("QUIC")
        return self.phone.quic(host)

    def run(self, *program: str, stdin: str = "", timeout_s: float = 60.0) -> Ran:
        """A program on the line to its end, as `nfemu exec`: `subscriber.run("curl", "-s", "http://news.example/")`."""
        return self.phone.run(program, stdin, timeout_s)

    @property
    def phone(self) -> Phone:
        """For what is not here. On the session that the line has now. Raises Conflict where it is detached."""
        line = self.line
        check_attached(line)
        session = line.session
        attached = None if session is None else (session.attached_at, session.generation)
        if self._phone is not None and self._phone[0] == attached:
            return self._phone[1]
        self._hang_up()
        phone = Phone.on_line(self.client, self.state, self.number)
        phone.__enter__()
        self._phone = attached, phone
        return phone

    def pages(self) -> Pages:
        """A browser without JavaScript, with cookies of its own: `open`, `click`, `submit`."""
        return Pages(self.phone)

    @property
    def browser(self) -> Browser:
        """Chromium on the line; the test is skipped where there is none."""
        if not self._browsers:
            self._browsers.append(Browser.on_line(self.state, self.line, self.phone.has_bearer))
        return self._browsers[0]

    # ---- the carrier's side

    @property
    def line(self) -> Subscriber:
        """As the carrier has it now."""
        return self.client.subscriber(self.number)

    def attach(self) -> Session:
        return self.client.attach(self.number)

    def detach(self) -> Session:
        return self.client.detach(self.number)

    def restrict(self) -> Subscriber:
        return self.client.restrict(self.number)

    def restore(self) -> Subscriber:
        return self.client.restore(self.number)

    def order_profile(self, profile: str) -> Subscriber:
        """Another APN profile; `open` is the usual one."""
        return self.client.order_profile(self.number, profile)

    def charge(self, amount: str | float | Decimal) -> Subscriber:
        return self.client.charge(self.number, _written(self.line, Decimal(str(amount))))

    def fall_into_arrears(self) -> Subscriber:
        """Charge so much that 29 are due. Raises Conflict where that does not restrict the line."""
        line = self.line
        charged = self.charge(Decimal(line.account.balance.amount) + _DUE)
        if charged.ordered == "open":
            raise Conflict(f"{self.number} owes {charged.account.amount_due} and is not restricted; see dunning.yaml")
        return charged

    def pay(self, amount: str | float | Decimal | None = None) -> Settlement:
        """All that is due, or `amount`; returns when service is restored, or when it is clear what is missing. Raises
        Conflict where nothing is due."""
        line = self.line
        if amount is None and not line.account.amount_due:
            raise Conflict(f"nothing is due on the line of {self.number}; say an amount to pay ahead")
        due = line.account.amount_due.amount if amount is None else _written(line, Decimal(str(amount)))
        return self.client.pay(self.number, due)

    def explain(self, url: str) -> Explanation:
        return self.client.explain(self.number, url)

    @property
    def inbox(self) -> list[Notice]:
        """What was sent since the test began, newest first."""
        return [notice for notice in self.client.inbox(self.number) if notice.id not in self._notices]

    @property
    def timeline(self) -> list[Event]:
        """What has happened since the test began, oldest first."""
        return self.client.timeline(self.number, _MOST_EVENTS)[self._events :]

    def wait_for_notice(self, kind: str, within_s: float = _NOTICE_S) -> Notice:
        """The newest of that kind, such as `stopped`, once it is there. Raises AssertionError."""
        __tracebackhide__ = True
        deadline = time.monotonic() + within_s
        while True:
            inbox = self.inbox
            found = next((notice for notice in inbox if notice.kind == kind), None)
            if found is not None:
                return found
            if time.monotonic() >= deadline:
                there = "; ".join(f"{each.kind}: {each.text}" for each in inbox) or "no message"
                raise AssertionError(
                    f"a message to {self.number}\n  expected  {kind}, within {within_s:g} s\n  got       {there}"
                )
            Timer().wait(_PAUSE_S)

    def close(self) -> None:
        """The phone and the browser."""
        for browser in self._browsers:
            browser.close()
        self._hang_up()

    def _check_bearer(self, what: str) -> None:
        """Raises Conflict."""
        if not self.phone.has_bearer:
            raise Conflict(
                f"{what} needs an IP line, and access is by proxy here; mark the test with "
                '`@pytest.mark.nfemu(needs="bearer")`, and it is skipped where that is so'
            )

    def _hang_up(self) -> None:
        if self._phone is not None:
            self._phone[1].__exit__()
            self._phone = None


def _written(line: Subscriber, amount: Decimal) -> str:
    """With as many decimals as the carrier's currency has."""
    return str(amount.quantize(Decimal(line.account.balance.amount)))
