"""A trade, and a key that is made once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from nfemu.wechat.refunds import WantedRefund
from nfemu.wechat.trade import Trade, TradeState, TradeType

NOW = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
TRADE = Trade(
    mchid="1900000109",
    out_trade_no="R20261101000001",
    appid="wxd678efh567hg6787",
    kind=TradeType.H5,
    description="话费充值",
    total=5000,
    currency="CNY",
    notify_url="https://merchant.example/notify",
    prepay_id="wx01160000abc",
    digest="digest",
    created_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)
PAID = replace(TRADE, state=TradeState.SUCCESS, transaction_id="4200000001", paid_at=NOW, openid="o1")
ALL_OF_IT = WantedRefund("refund-1", 5000, 5000, "CNY", "digest")


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)
