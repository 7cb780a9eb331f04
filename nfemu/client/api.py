"""`Client`: one method for each operation of the API."""

from collections.abc import Sequence
from datetime import date, datetime
from math import inf
from typing import TYPE_CHECKING, Self

from nfemu.client.billing import Bill
from nfemu.client.credit import Credit
from nfemu.client.errors import NOT_RUNNING
from nfemu.client.orders import Order, OrderReport
from nfemu.client.state import StateFolder, reachable
from nfemu.client.values import (
    Clock,
    ConfigChange,
    Event,
    Explanation,
    Ledger,
    LoadedState,
    NamedState,
    Notice,
    PluggedIn,
    Session,
    Settlement,
    Status,
    Subscriber,
    SubscriberPage,
    Usage,
)
from nfemu.client.webhooks import Delivery, NewWebhook, Webhook
from nfemu.model.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from nfemu.client.wechat_api import WechatApi

TIMEOUT_S = 60.0
"""Longest wait for an answer; a payment is answered only after the flip."""
_AS_LONG_AS_IT_TAKES = inf
_KEY_LENGTH = 64
"""A clock is answered after everything that fell due, which of many people can be hours of work."""
PATIENCE_S = 2.5
"""Silence after which the server is asked whether it is there at all, and how long it may take over that."""


class Client:
    """Every method raises ClientError with the server's own words, and Unavailable when nobody answers.

    Numbers may have any spelling; what no path can carry raises InvalidInput. Not for several threads at once.
    """

    def __init__(
        self,
        url: str,
        token: str,
        timeout: float = TIMEOUT_S,
        patience: float = PATIENCE_S,
        silent: str | None = None,
    ) -> None:
        """`url` such as `http://127.0.0.1:8600`. Raises InvalidInput for another kind of address. `silent`: what is
        said where something takes connections there, and nothing more."""
        from nfemu.client.transport import Transport  # the parts of http.client are loaded where they are used

        self.url = url
        silent = silent or f"the API at `{url}` does not answer: its process is stopped or overloaded; see its log"
        self._api = Transport(url, token, timeout, patience, silent)

    @classmethod
    def find(cls, state: StateFolder | None = None, patience: float = PATIENCE_S) -> Self:
        """The emulator that runs on a state folder (None: the default one). Raises Unavailable when none does."""
        folder = state or StateFolder.default()
        status = folder.status()
        try:
            token = folder.api_token.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            raise Unavailable(NOT_RUNNING) from None
        return cls(f"http://{reachable(status.api)}", token, patience=patience, silent=_silent(folder, status.pid))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._api.close()

    def interrupt(self) -> None:
        """From another thread: whoever waits for an answer has Unavailable, and so has whoever asks after that."""
        self._api.interrupt()

    # ---- subscribers

    def subscribers(self, after: str | None = None, limit: int = 100) -> SubscriberPage:
        """One page, by number; `limit` is 500 at most."""
        return SubscriberPage.of(self._api.get("subscribers", after=after, limit=limit))

    def subscriber(self, number: str) -> Subscriber:
        return Subscriber.of(self._api.get(*_line(number)))

    def plug(self, number: str) -> PluggedIn:
        """A phone into the line; by IP bearers only."""
        return PluggedIn.of(self._api.post(*_line(number), "plug"))

    def attach(self, number: str) -> Session:
        return Session.of(self._api.post(*_line(number), "attach"))

    def detach(self, number: str) -> Session:
        return Session.of(self._api.post(*_line(number), "detach"))

    def restrict(self, number: str) -> Subscriber:
        return Subscriber.of(self._api.post(*_line(number), "restrict"))

    def restore(self, number: str) -> Subscriber:
        return Subscriber.of(self._api.post(*_line(number), "restore"))

    def order_profile(self, number: str, profile: str) -> Subscriber:
        """Give the line another APN profile; `open` is the usual one."""
        return Subscriber.of(self._api.put(*_line(number), "profile", body={"profile": profile}))

    def charge(self, number: str, amount: str, note: str = "", key: str | None = None) -> Subscriber:
        """Charge decimal `amount`. Repeating a call with the same `key` has no further effect."""
        body = {"amount": amount, "note": note}
        return Subscriber.of(self._api.post(*_line(number), "charges", body=body, headers=_once(key)))

    def pay(self, number: str, amount: str) -> Settlement:
        """Pay through the provider; returns when service is restored, or when it is clear what is missing."""
        return Settlement.of(self._api.post(*_line(number), "payments", body={"amount": amount}))

    def sign_auto_deduct(self, number: str, cap: str | None = None) -> Subscriber:
        """Sign an agreement for the account; `cap` is the most that one deduction takes."""
        return Subscriber.of(self._api.post(*_line(number), "auto-deduct", body={"cap": cap}))

    def revoke_auto_deduct(self, number: str, at: str = "carrier") -> Subscriber:
        """End the agreement; `at` the `provider`: by the payer, there."""
        return Subscriber.of(self._api.post(*_line(number), "auto-deduct", "revoke", body={"at": at}))

    def set_bank(self, number: str, answer: str) -> Subscriber:
        """What the emulated bank answers to deductions: `accept`, `decline`, `unreachable` or `silent`."""
        return Subscriber.of(self._api.put(*_line(number), "auto-deduct", "bank", body={"answer": answer}))

    def inbox(self, number: str, limit: int = 100) -> list[Notice]:
        """Newest first."""
        return [Notice.of(each) for each in self._api.get(*_line(number), "inbox", limit=limit)["notices"]]

    def click(self, number: str, notice: str) -> Notice:
        """The link in the message was opened; only the first time counts."""
        return Notice.of(self._api.post(*_line(number), "inbox", notice, "click"))

    def timeline(self, number: str, limit: int = 500) -> list[Event]:
        """Oldest first."""
        return [Event.of(each) for each in self._api.get(*_line(number), "timeline", limit=limit)["events"]]

    def ledger(self, number: str, limit: int = 100) -> Ledger:
        return Ledger.of(self._api.get(*_line(number), "ledger", limit=limit))

    def usage(self, number: str, day: date | None = None) -> Usage:
        """Octets by policy and group in that business day; None: today."""
        return Usage.of(self._api.get(*_line(number), "usage", day=None if day is None else day.isoformat()))

    def bill(self, number: str) -> Bill:
        """What the line costs."""
        return Bill.of(self._api.get(*_line(number), "bill"))

    def grant_credit(self, number: str, amount: str, lasts: str, reason: str = "") -> Subscriber:
        """Credit beside the limit; `lasts` such as `30d`."""
        body = {"amount": amount, "lasts": lasts, "reason": reason}
        return Subscriber.of(self._api.post(*_line(number), "credit", body=body))

    def credit(self, number: str) -> Credit:
        """The account's credit level, explained."""
        return Credit.of(self._api.get(*_line(number), "credit"))

    def post_usage(self, number: str, measured: str, amount: int, key: str | None = None) -> Subscriber:
        """Count `data` in octets or `voice` in seconds; what is past the bundle is charged. Repeating a call with the
        same `key` has no further effect."""
        body = {"measured": measured, "amount": amount}
        return Subscriber.of(self._api.post(*_line(number), "usage", body=body, headers=_once(key)))

    def explain(self, number: str, url: str) -> Explanation:
        return Explanation.of(self._api.get(*_line(number), "explain", url=url))

    # ---- the rest

    def clock(self) -> Clock:
        return Clock.of(self._api.get("clock"))

    def advance_clock(self, by: str, account: str | None = None) -> Clock:
        """`by` such as `15m` or `1d12h`. With an `account`, its own clock alone, which any carrier's account has.
        Waits for whatever falls due, as long as the server is there.
        """
        wanted = {"by": by, "account": account}
        return Clock.of(self._api.post("clock", "advance", body=wanted, within=_AS_LONG_AS_IT_TAKES))

    def set_clock(self, to: datetime, account: str | None = None) -> Clock:
        """`to` with its zone; `account` as of `advance_clock`, and waits as that does."""
        wanted = {"to": to.isoformat(), "account": account}
        return Clock.of(self._api.put("clock", body=wanted, within=_AS_LONG_AS_IT_TAKES))

    def status(self) -> Status:
        return Status.of(self._api.get("status"))

    def reload(self) -> list[ConfigChange]:
        """Read the configuration again; what has changed, and what of it was not applied."""
        return [ConfigChange.of(each) for each in self._api.post("reload")["changes"]]

    def preview_reload(self) -> list[ConfigChange]:
        """What `reload` would change; nothing is applied."""
        return [ConfigChange.of(each) for each in self._api.post("reload", query={"dry_run": "true"})["changes"]]

    def rotate_keys(self) -> list[str]:
        """Seal enrichment tokens with a fresh key; what was done, a line each."""
        return list(self._api.post("rotate-keys")["done"])

    def reset(self) -> list[str]:
        """Back to the shipped state; what was done, a line each."""
        return list(self._api.post("reset")["done"])

    def pages_link(self, number: str | None = None, page: str = "/inbox") -> str:
        """A link that opens the pages in a browser, once: the inbox of `number`, or `page`, which may be `/pay` or
        `/pay/debug`."""
        return self.url + str(self._api.post("login-links", body={"number": number, "page": page})["path"])

    # ---- stop and resume orders

    def order_report(self, minutes: int = 60) -> OrderReport:
        """What waits, and how orders have fared in the last minutes of business time."""
        return OrderReport.of(self._api.get("orders", minutes=minutes))

    def unfinished_orders(self, state: str | None = None, limit: int = 100) -> list[Order]:
        """Oldest first; `state` is `created` (it waits), `executed` or `dead`."""
        found = self._api.get("orders", "unfinished", state=state, limit=limit)
        return [Order.of(each) for each in found["orders"]]

    def fail_orders(self, count: int) -> OrderReport:
        """Have the network elements refuse so many of the next orders; 0: none."""
        return OrderReport.of(self._api.put("orders", "faults", body={"next": count}))

    def resubmit_order(self, order: str | None = None) -> list[str]:
        """Try a dead order again, None: all of them; what was done, a line each."""
        return list(self._api.post("orders", *([] if order is None else [order]), "resubmit")["done"])

    # ---- programs that are told of events

    def webhooks(self) -> list[Webhook]:
        """By name, those of the configuration first."""
        return [Webhook.of(each) for each in self._api.get("webhooks")["webhooks"]]

    def add_webhook(self, callback: str, events: Sequence[str]) -> NewWebhook:
        """Have a program told of events from now on; the answer alone has its secret."""
        return NewWebhook.of(self._api.post("webhooks", body={"callback": callback, "events": list(events)}))

    def remove_webhook(self, name: str) -> list[str]:
        """With all that is on its way; what was done, a line each."""
        return list(self._api.delete(*_webhook(name))["done"])

    def deliveries(self, name: str, state: str | None = None, limit: int = 100) -> list[Delivery]:
        """Newest first; `state` is `pending`, `delivered` or `dead`."""
        found = self._api.get(*_webhook(name), "deliveries", state=state, limit=limit)
        return [Delivery.of(each) for each in found["deliveries"]]

    def resend(self, name: str, event: str | None = None) -> list[str]:
        """An event again, None: all that were given up; what was done, a line each."""
        return list(self._api.post(*_webhook(name), "resend", body={"event": event})["done"])

    # ---- the emulated WeChat Pay

    @property
    def wechat(self) -> "WechatApi":
        """Its merchants, its payers, its faults."""
        from nfemu.client.wechat_api import WechatApi  # asked for by few

        return WechatApi(self._api)

    # ---- states of the whole carrier

    def states(self) -> list[NamedState]:
        """All that can be loaded, by name, `initial` first."""
        return [NamedState.of(each) for each in self._api.get("states")["states"]]

    def save_state(self, name: str) -> NamedState:
        """Keep the carrier as it is now, in place of an earlier state of that name."""
        return NamedState.of(self._api.post(*_state(name), "save"))

    def load_state(self, name: str, clock: datetime | None = None) -> LoadedState:
        """Go over to a state: the same people, balances, addresses, and identifiers each time; returns when every
        point serves them, and nobody else. `initial` is what the configuration's files give.

        `clock`, with its zone: business time then, by a test clock; not before the state's own.
        """
        body = {"clock": clock.isoformat()} if clock is not None else None
        return LoadedState.of(self._api.post(*_state(name), "load", body=body))

    def delete_state(self, name: str) -> list[str]:
        """Forget a state; what was done, a line each."""
        return list(self._api.delete(*_state(name))["done"])


def _line(number: str) -> tuple[str, str]:
    """Path segments of a subscriber. A slash would lead to another path, nothing at all to the list."""
    if not number or "/" in number:
        raise InvalidInput(f"`{number}` is not a phone number; write it like 13800138000 or +8613800138000")
    return "subscribers", number


def _state(name: str) -> tuple[str, str]:
    """Path segments of a state."""
    if not name or "/" in name:
        raise InvalidInput(f"`{name}` is not the name of a state; write it like after-payment")
    return "states", name


def _webhook(name: str) -> tuple[str, str]:
    """Path segments of a webhook."""
    if not name or "/" in name:
        raise InvalidInput(f"`{name}` is not the name of a webhook; `nfemu webhooks list` shows all")
    return "webhooks", name


def _once(key: str | None) -> dict[str, str]:
    """Headers of what must happen once. Raises InvalidInput."""
    if key is not None and not (0 < len(key) <= _KEY_LENGTH and key.isascii() and key.isprintable()):
        raise InvalidInput(f"key `{key}` is not 1 to {_KEY_LENGTH} printable characters of ASCII")
    return {"Idempotency-Key": key} if key is not None else {}


def _silent(folder: StateFolder, pid: int) -> str:
    return (
        f"the carrier of `{folder.path}` (process {pid}) does not answer: it is stopped or overloaded. "
        f"`kill -CONT {pid}` wakes a stopped one, which then does what it was asked; `kill -9 {pid}` and "
        "`nfemu up` start it anew, and all that it confirmed stays"
    )
