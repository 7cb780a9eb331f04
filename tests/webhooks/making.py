"""Events of one card, a receiver of them, and what is remembered of its calls."""

from datetime import UTC, datetime, timedelta

from nfemu.carrier.ports import AddEvent, Change, PutAccount, PutSubscriber
from nfemu.model.account import Account, AccountKind
from nfemu.model.identity import AccountId, CorrelationId, Imsi, Msisdn, WebhookId
from nfemu.model.money import Money
from nfemu.model.subscriber import Subscriber
from nfemu.model.timeline import TimelineEvent
from nfemu.model.webhooks import Webhook

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
CARD = Subscriber(Imsi("460001380013800"), Msisdn("8613800138000"), AccountId("zhang"))
CRM = Webhook(WebhookId("crm"), "http://127.0.0.1:9000/events", ("order.*", "CustomerStateChangeEvent"))
SECRET = "a-secret-of-thirty-two-characters"


def people() -> list[Change]:
    return [PutAccount(Account(CARD.account, AccountKind.PERSONAL, "CNY", Money(0))), PutSubscriber(CARD)]


def event(name: str, number: int = 1, **detail: str) -> TimelineEvent:
    at = START + timedelta(seconds=number)
    return TimelineEvent(CARD.imsi, CorrelationId(f"cor-{number}"), name, at, 1.5, detail, START)


def happening(name: str, number: int = 1, **detail: str) -> AddEvent:
    return AddEvent(event(name, number, **detail))


class Wall:
    """Wall time that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, by: timedelta) -> None:
        self.now += by
