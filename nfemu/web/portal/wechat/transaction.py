"""A transaction as the provider writes it: in what it seals into a notification, and in what it answers to a query."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.model.money import Money
from nfemu.model.orders import Receipt
from nfemu.web.portal.wechat.account import MerchantAccount
from nfemu.wechat.trade import TradeState

_PAID = {TradeState.SUCCESS.value, TradeState.REFUND.value}
"""Also where it was refunded since."""


class Amount(BaseModel):
    model_config = ConfigDict(extra="ignore")

    total: Annotated[int, Field(strict=True, gt=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class Transaction(BaseModel):
    """One that was paid."""

    model_config = ConfigDict(extra="ignore")

    mchid: str
    appid: str
    out_trade_no: Annotated[str, Field(min_length=1, max_length=32)]
    transaction_id: Annotated[str, Field(min_length=1, max_length=32)]
    success_time: AwareDatetime
    amount: Amount

    def receipt(self, account: MerchantAccount) -> Receipt:
        """Raises InvalidInput where it is another merchant's."""
        if (self.mchid, self.appid) != (account.mchid, account.appid):
            raise InvalidInput(f"merchant `{self.mchid}`, appid `{self.appid}`: the payment is not ours")
        amount = Money(self.amount.total, self.amount.currency)
        return Receipt(self.transaction_id, amount, self.success_time)


def receipt_of(account: MerchantAccount, answer: Mapping[str, Any]) -> Receipt | None:
    """What a query's answer says; None: nobody has paid. Raises Unavailable for one that cannot be read."""
    if answer.get("trade_state") not in _PAID:
        return None
    try:
        return Transaction.model_validate(answer).receipt(account)
    except (ValidationError, InvalidInput) as error:
        raise Unavailable(f"an answer of WeChat Pay is not believed: {error}") from error
