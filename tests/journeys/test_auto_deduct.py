"""Auto-deduct (G19) with the built-in provider: paid, declined, without an answer, revoked on either side, killed."""

import pytest

from tests.journeys.carrier import CarrierProcess, status_of

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
PAYER, DECLINED, LATE, ENDED = "13900000000", "13900000001", "13900000002", "13900000003"


def test_who_pays_by_agreement_is_never_restricted(stopped: CarrierProcess) -> None:
    """Until the agreement does not pay; and what has no answer yet survives `kill -9`."""
    stopped.up("--clock", "test")
    for number in (PAYER, DECLINED, LATE, ENDED):
        assert "up to ¥200.00 at a time" in stopped.nfemu("autodeduct", "sign", number).text
    stopped.nfemu("attach", PAYER)
    assert "the bank will decline" in stopped.nfemu("autodeduct", "bank", DECLINED, "decline").text
    stopped.nfemu("autodeduct", "bank", LATE, "unreachable")
    stopped.nfemu("autodeduct", "revoke", ENDED, "--at-provider")

    for number, standing in ((PAYER, "in credit"), (DECLINED, "overdue"), (LATE, "overdue"), (ENDED, "overdue")):
        assert f" {standing}\n" in stopped.nfemu("charge", number, "59.00").text
    assert status_of(stopped.curl(PAYER, NEWS)) == 200
    assert "has no auto-deduct agreement" in stopped.nfemu("autodeduct", "show", ENDED).text
    assert "¥9.00 not answered yet" in stopped.nfemu("autodeduct", "show", LATE).text
    with stopped.client() as client:
        assert [notice.kind for notice in client.inbox(PAYER)] == ["auto-deducted"]
        assert [notice.kind for notice in client.inbox(DECLINED)] == ["stopped", "auto-deduct failed"]
        paid = client.ledger(PAYER).entries[0]
        assert (paid.kind, paid.amount.amount, (paid.trade_no or "").split("/")[0]) == ("payment", "9.00", "ExamplePay")
        assert not [event for event in client.timeline(PAYER) if event.name == "order.created"]

    stopped.kill()
    stopped.up("--clock", "test")
    stopped.nfemu("autodeduct", "bank", LATE, "accept")
    assert "was answered" in stopped.nfemu("clock", "advance", "10m").text
    with stopped.client() as client:
        late = client.subscriber(LATE)
        assert (late.account.balance.amount, late.ordered) == ("0.00", "open")
        assert sum(entry.kind == "payment" for entry in client.ledger(LATE).entries) == 2
    assert "revoke" in stopped.nfemu("autodeduct", "sign", PAYER).errors
    stopped.nfemu("autodeduct", "revoke", PAYER)
    assert " overdue\n" in stopped.nfemu("charge", PAYER, "1.00").text
