"""Requests to the provider's API as a merchant signs them, octet by octet."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from nfemu.web.portal.wechat.client import Answered
from nfemu.web.wechat.in_process import exchange
from nfemu.web.wechat.keys import read_key
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.signing import request_message, sign
from tests.web.wechat.provider import APPID, MCHID, Provider, wall

H5_ORDER: dict[str, Any] = {
    "appid": APPID,
    "mchid": MCHID,
    "description": "话费充值",
    "out_trade_no": "R20261101000001",
    "notify_url": "https://merchant.example/notify",
    "amount": {"total": 5000, "currency": "CNY"},
    "scene_info": {"payer_client_ip": "10.45.0.2", "h5_info": {"type": "Wap"}},
}
ORDER_H5 = "/v3/pay/transactions/h5"


@dataclass(slots=True)
class Asked:
    """A signed request; change it, then send it."""

    method: str
    target: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    async def to(self, provider: Provider) -> Answered:
        return await exchange(provider.app, self.method, self.target, self.headers, self.body)


def asked(provider: Provider, method: str, target: str, document: Any = None, timestamp: int | None = None) -> Asked:
    merchant = provider.merchant()
    body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode()
    at, nonce = str(int(wall().timestamp()) if timestamp is None else timestamp), secrets.token_hex(16)
    signature = sign(read_key(merchant.private_key_file), request_message(method, target, at, nonce, body))
    headers = {
        "authorization": Authorization(merchant.mchid, merchant.serial, at, nonce, signature).header(),
        "accept": "application/json",
        "user-agent": "of this test",
    }
    return Asked(method, target, body, headers | ({"content-type": "application/json"} if body else {}))


async def said(provider: Provider, method: str, target: str, document: Any = None) -> tuple[int, dict[str, Any]]:
    """Status and body."""
    answer = await asked(provider, method, target, document).to(provider)
    return answer.status, json.loads(answer.body or b"{}")


async def ordered(provider: Provider, number: str = "R20261101000001", total: int = 5000) -> None:
    order = {**H5_ORDER, "out_trade_no": number, "amount": {"total": total, "currency": "CNY"}}
    status, answer = await said(provider, "POST", ORDER_H5, order)
    assert status == 200, answer


async def paid(provider: Provider, number: str = "R20261101000001") -> bool:
    return await provider.desk.pay(await provider.desk.trade(MCHID, number), "o1")
