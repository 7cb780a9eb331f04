"""Who is told of events, as `carrier.yaml` says."""

from datetime import timedelta

import pytest

from nfemu.model.identity import WebhookId
from nfemu.model.webhooks import Webhook
from nfemu.settings import ConfigurationError, load
from nfemu.webhooks.ladder import Ladder
from tests.settings.conftest import SHIPPED

CRM = {"callback": "https://crm.example/nfemu", "events": ["payment.*", "CustomerStateChangeEvent"]}


def test_what_is_said() -> None:
    section = {"hosts": ["CRM.example", "192.0.2.7"], "retry": "2s", "refusals": 3, "receivers": {"crm": CRM}}
    found = load(SHIPPED, {"carrier.webhooks": section}).carrier.webhooks
    webhook = Webhook(WebhookId("crm"), CRM["callback"], tuple(CRM["events"]), configured=True)  # type: ignore[arg-type]
    assert found.receivers == {webhook.id: webhook}
    assert found.rules.hosts == ("crm.example", "192.0.2.7")
    assert found.rules.ladder == Ladder(timedelta(seconds=2), timedelta(hours=1), 3, timedelta(hours=24))


def test_nobody_is_told_where_nothing_is_said() -> None:
    found = load(SHIPPED).carrier.webhooks
    assert (found.receivers, found.rules.hosts, found.rules.ladder, found.rules.within) == ({}, (), Ladder(), 10.0)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"receivers": {"crm": CRM}}, "webhooks may not call `crm.example`"),
        ({"receivers": {"crm": {**CRM, "callback": "crm.example"}}}, "is not the address of a receiver"),
        ({"receivers": {"crm": {"callback": "http://[::1]/", "events": ["order.lost"]}}}, "there is no event"),
        ({"receivers": {"hub-1": {"callback": "http://[::1]/", "events": ["*"]}}}, "are given by the API"),
        ({"hosts": ["crm example"]}, "crm example"),
        ({"retry": "0s"}, "a receiver needs time to come back"),
        ({"timeout": "0s"}, "a receiver needs time for its answer"),
        ({"receivers": {f"r{n}": {"callback": "http://[::1]/", "events": ["*"]} for n in range(33)}}, "at most 32"),
    ],
)
def test_mistakes(section: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(SHIPPED, {"carrier.webhooks": section})
