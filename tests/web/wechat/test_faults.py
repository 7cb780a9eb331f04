"""Every fault, as the merchant meets it: what it is sent, in which order, and when. It answers 200 to everything."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from nfemu.model.errors import Conflict, InvalidInput
from nfemu.wechat.faults import MAGIC, Deviation, Fault, FaultKind
from nfemu.wechat.signing import PROBE
from tests.web.wechat.asking import H5_ORDER, ORDER_H5, asked, ordered, paid, said
from tests.web.wechat.provider import MCHID, Provider

NUMBER, OTHER = "R20261101000001", "R20261101000002"
QUARTER = timedelta(seconds=15)


async def armed(provider: Provider, text: str) -> None:
    await provider.desk.arm(Fault.parse(text), MCHID)
    await ordered(provider)


async def heard(provider: Provider) -> list[Any]:
    """What the independent client makes of everything that was sent so far: None or an error's name where it is not
    believed."""
    client, found = provider.client(), []
    for told in provider.server.told:
        try:
            believed = await client("callback", headers=told.headers, body=told.body.decode())
        except Exception as error:  # noqa: BLE001 - whatever it raises
            believed = type(error).__name__
        found.append(believed["resource"] if isinstance(believed, dict) else believed)
    return found


async def deviations(provider: Provider) -> list[tuple[int, Deviation]]:
    """Of every attempt on record."""
    (notification, *_) = await provider.store.wechat.notifications(MCHID, NUMBER)
    return [(each.number, each.deviation) for each in await provider.store.wechat.attempts(notification.id)]


async def test_duplicate(provider: Provider) -> None:
    await armed(provider, "duplicate")
    assert await paid(provider)
    first, second = provider.server.told
    assert json.loads(first.body)["id"] == json.loads(second.body)["id"]
    assert first.headers["Wechatpay-Nonce"] != second.headers["Wechatpay-Nonce"]
    assert await deviations(provider) == [(1, Deviation.NONE), (1, Deviation.NONE)]


async def test_late(provider: Provider) -> None:
    await armed(provider, "late:60")
    assert not await paid(provider)
    assert (await provider.advance(timedelta(seconds=59)), provider.server.told) == ([], [])
    assert await provider.advance(timedelta(seconds=1)) == [f"notification of order {NUMBER}: attempt 1 accepted"]


async def test_lost(provider: Provider) -> None:
    await armed(provider, "lost")
    assert not await paid(provider)
    assert (await provider.advance(timedelta(days=2)), provider.server.told) == ([], [])
    (notification,) = await provider.store.wechat.notifications(MCHID, NUMBER)
    assert await provider.desk.outbox.resend(notification.id)


async def test_out_of_order(provider: Provider) -> None:
    await armed(provider, "out-of-order")
    await ordered(provider, OTHER)
    assert not await paid(provider)
    assert await paid(provider, OTHER)
    await provider.desk.settle()
    assert [transaction["out_trade_no"] for transaction in await heard(provider)] == [OTHER, NUMBER]
    assert await provider.advance(timedelta(hours=2)) == []


async def test_out_of_order_without_another(provider: Provider) -> None:
    await armed(provider, "out-of-order")
    await paid(provider)
    await provider.restart()
    assert provider.server.told == []
    assert await provider.advance(timedelta(hours=1)) == [f"notification of order {NUMBER}: attempt 1 accepted"]
    await ordered(provider, OTHER)
    await paid(provider, OTHER)
    await provider.desk.settle()
    assert len(provider.server.told) == 2


@pytest.mark.parametrize(
    "kind", ["wrong-signature", "old-timestamp", "wrong-amount", "wrong-merchant", "unknown-order"]
)
async def test_what_is_wrong_counts_for_nothing(provider: Provider, kind: str) -> None:
    """Whatever the merchant answers, the genuine one comes on the ladder."""
    await armed(provider, kind)
    assert not await paid(provider)
    assert await provider.advance(QUARTER) == [f"notification of order {NUMBER}: attempt 2 accepted"]
    wrong, genuine = await heard(provider)
    assert (genuine["mchid"], genuine["out_trade_no"], genuine["amount"]["total"]) == (MCHID, NUMBER, 5000)
    told = provider.server.told[0]
    match kind:
        case "wrong-signature":
            assert wrong is None
        case "old-timestamp":
            assert wrong == genuine  # this client believes it, which ours must not
            assert (
                int(provider.server.told[1].headers["Wechatpay-Timestamp"]) - int(told.headers["Wechatpay-Timestamp"])
                >= timedelta(days=1).total_seconds()
            )
        case "wrong-amount":
            assert wrong["amount"]["total"] == 5001
        case "wrong-merchant":
            assert wrong["mchid"] != MCHID
        case _:
            assert wrong["out_trade_no"] != NUMBER


async def test_probe(provider: Provider) -> None:
    await armed(provider, "probe")
    assert await paid(provider)
    assert provider.server.told[0].headers["Wechatpay-Signature"].startswith(PROBE)
    probe, genuine = await heard(provider)
    assert not isinstance(probe, dict)
    assert genuine["out_trade_no"] == NUMBER
    assert await deviations(provider) == [(1, Deviation.PROBE), (1, Deviation.NONE)]


async def test_slow(provider: Provider) -> None:
    await provider.desk.arm(Fault.parse("slow:3"), MCHID)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asked(provider, "POST", ORDER_H5, H5_ORDER).to(provider), 0.2)
    assert (await said(provider, "POST", ORDER_H5, H5_ORDER))[0] == 200


@pytest.mark.parametrize(("code", "status", "taken"), [("SYSTEM_ERROR", 500, True), ("RULE_LIMIT", 403, False)])
async def test_error(provider: Provider, code: str, status: int, taken: bool) -> None:
    await provider.desk.arm(Fault.parse(f"error:{code}"), MCHID)
    answered, answer = await said(provider, "POST", ORDER_H5, H5_ORDER)
    assert (answered, answer["code"]) == (status, code)
    assert bool(await provider.store.wechat.newest_trades(1)) is taken
    assert (await said(provider, "POST", ORDER_H5, H5_ORDER))[0] == 200


async def test_refund_during_settle(provider: Provider) -> None:
    await armed(provider, "refund-during-settle")
    assert await paid(provider)
    events = sorted(json.loads(told.body)["event_type"] for told in provider.server.told)
    assert events == ["REFUND.SUCCESS", "TRANSACTION.SUCCESS"]
    trade = await provider.desk.trade(MCHID, NUMBER)
    assert (trade.state.value, trade.refunded) == ("REFUND", 5000)


async def test_resume_fails(provider: Provider) -> None:
    await armed(provider, "resume-fails")
    assert await paid(provider)
    assert provider.refusals == 1


@pytest.mark.parametrize("kind", list(FaultKind))
async def test_by_amount(provider: Provider, kind: FaultKind) -> None:
    (total,) = [total for total, of_it in MAGIC.items() if of_it is kind]
    if kind in (FaultKind.SLOW, FaultKind.ERROR):
        fault, used = provider.desk.arming.take(MCHID, NUMBER, total)
        assert (fault, used) == (Fault.parse(kind.value), ())
        return
    await ordered(provider, total=total)
    assert (await provider.desk.trade(MCHID, NUMBER)).fault == Fault(kind, "600" if kind is FaultKind.LATE else "")


async def test_for_the_next_ones_of_a_merchant_and_after_a_restart(provider: Provider) -> None:
    await provider.desk.arm(Fault.parse("lost"), MCHID, count=2)
    await provider.desk.arm(Fault.parse("late"), "1900000110")
    await ordered(provider)
    await provider.restart()
    assert [(str(armed.fault), armed.left) for armed in provider.desk.arming.all()] == [("lost", 1), ("late:600", 1)]
    for number in (OTHER, "R20261101000003"):
        await ordered(provider, number)
    faults = [str((await provider.desk.trade(MCHID, each)).fault) for each in (NUMBER, OTHER, "R20261101000003")]
    assert faults == ["lost", "lost", "None"]
    assert (await provider.desk.arming.disarm(), provider.desk.arming.all()) == (1, [])
    await provider.restart()
    assert provider.desk.arming.all() == []


async def test_for_one_order_before_and_after_it_is_placed(provider: Provider) -> None:
    await provider.desk.arm(Fault.parse("lost"), MCHID, OTHER)
    await provider.desk.arm(Fault.parse("duplicate"), MCHID)
    await ordered(provider, OTHER, total=next(iter(MAGIC)))
    await ordered(provider)
    assert str((await provider.desk.trade(MCHID, OTHER)).fault) == "lost"
    await provider.desk.arm(Fault.parse("late"), MCHID, NUMBER)
    assert str((await provider.desk.trade(MCHID, NUMBER)).fault) == "late:600"
    await paid(provider)
    with pytest.raises(Conflict, match="is placed already; arm `slow` before that"):
        await provider.desk.arm(Fault.parse("slow"), MCHID, OTHER)
    with pytest.raises(Conflict, match="is paid already"):
        await provider.desk.arm(Fault.parse("lost"), MCHID, NUMBER)
    with pytest.raises(InvalidInput, match="cannot be armed for `0` orders"):
        await provider.desk.arming.arm(Fault.parse("lost"), count=0)
