"""`WechatApi`: one method for each operation of the API on the emulated WeChat Pay."""

import base64
from datetime import date

from nfemu.client.reconciliation import Reconciliation
from nfemu.client.transport import Transport
from nfemu.client.wechat import Faults, Merchant, PayOrder, PayOrderDetail
from nfemu.client.wechat_debug import RefusedSignature, SignatureCase


class WechatApi:
    """Raises as `Client` does."""

    def __init__(self, api: Transport) -> None:
        self._api = api

    def merchants(self) -> list[Merchant]:
        """By number."""
        return [Merchant.of(each) for each in self._api.get("pay", "merchants")["merchants"]]

    def add_merchant(
        self,
        mchid: str,
        appids: list[str],
        name: str = "",
        domains: list[str] | None = None,
        verified_by: str = "public-key",
        certificate: str = "",
        api_v3_key: str = "",
    ) -> Merchant:
        """`certificate` (PEM) and `api_v3_key`: its own; empty: made for it."""
        body = {
            "mchid": mchid,
            "appids": appids,
            "name": name,
            "domains": domains or [],
            "verified_by": verified_by,
            "certificate": certificate,
            "api_v3_key": api_v3_key,
        }
        return Merchant.of(self._api.post("pay", "merchants", body=body))

    def orders(self, limit: int = 100) -> list[PayOrder]:
        """Newest first."""
        return [PayOrder.of(each) for each in self._api.get("pay", "orders", limit=limit)["orders"]]

    def order(self, mchid: str, out_trade_no: str) -> PayOrderDetail:
        """With every attempt to notify the merchant."""
        return PayOrderDetail.of(self._api.get("pay", "orders", mchid, out_trade_no))

    def act_as_payer(self, mchid: str, out_trade_no: str, outcome: str = "paid", openid: str = "") -> bool:
        """`outcome`: `paid`, `failed` or `given-up`. True: the merchant has been told, and has accepted."""
        body = {"outcome": outcome, "openid": openid}
        return bool(self._api.post("pay", "orders", mchid, out_trade_no, "payer", body=body)["accepted"])

    def resend(self, notification: str) -> bool:
        """True: accepted."""
        return bool(self._api.post("pay", "notifications", notification, "resend")["accepted"])

    def faults(self) -> Faults:
        return Faults.of(self._api.get("pay", "faults"))

    def arm(self, fault: str, mchid: str = "", out_trade_no: str = "", count: int = 1) -> Faults:
        """Such as `late:600`, for one order or the next `count`."""
        body = {"fault": fault, "mchid": mchid, "out_trade_no": out_trade_no, "next": count}
        return Faults.of(self._api.post("pay", "faults", body=body))

    def reconcile(self, day: date | None = None) -> Reconciliation:
        """The provider's bill of `day` (None: today) beside the ledger."""
        return Reconciliation.of(self._api.get("pay", "reconciliation", **_of(day)))

    def repair(self, day: date | None = None) -> Reconciliation:
        """The same, once what the provider has and the ledger has not is booked."""
        return Reconciliation.of(self._api.post("pay", "reconciliation", body=_of(day)))

    def disarm(self) -> list[str]:
        """What was done, a line each."""
        return list(self._api.delete("pay", "faults")["done"])

    def refused(self, mchid: str = "", limit: int = 50) -> list[RefusedSignature]:
        """What was not believed lately, newest first; `mchid` empty: of everybody."""
        found = self._api.get("pay", "refused", mchid=mchid, limit=limit)["refused"]
        return [RefusedSignature.of(each) for each in found]

    def debug(
        self,
        identifier: str = "",
        request: bytes | None = None,
        body: bytes | None = None,
        signed: bytes | None = None,
        mchid: str = "",
    ) -> SignatureCase:
        """Why a signature is not believed: of one that is kept (none named: the newest), or of `request`, raw HTTP or
        what curl -v prints, with `body` beside it. `signed`: the string that the merchant has signed or checked."""
        wanted = {"id": identifier, "request": _base64(request), "body": _base64(body), "signed": _base64(signed)}
        return SignatureCase.of(self._api.post("pay", "debug", body={**wanted, "mchid": mchid}))


def _base64(octets: bytes | None) -> str | None:
    return None if octets is None else base64.b64encode(octets).decode()


def _of(day: date | None) -> dict[str, str]:
    return {} if day is None else {"day": day.isoformat()}
