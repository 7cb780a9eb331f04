"""What people do from behind the counter, by the API and the pages: look at an order, and be its payer."""

from enum import Enum
from typing import Self

from nfemu.model.errors import InvalidInput, NotFound
from nfemu.web.wechat.desk import Desk
from nfemu.wechat.trade import Trade, standing


class Outcome(Enum):
    """What the payer does."""

    PAID = "paid"
    FAILED = "failed"
    GIVEN_UP = "given-up"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises InvalidInput."""
        found = next((outcome for outcome in cls if outcome.value == text), None)
        if found is None:
            raise InvalidInput(
                f"`{text}` is nothing that a payer does; there are {', '.join(each.value for each in cls)}"
            )
        return found


async def found(desk: Desk, mchid: str, out_trade_no: str) -> Trade:
    """The order as it stands now. Raises NotFound, Unavailable."""
    trade = await desk.books.trade(mchid, out_trade_no)
    if trade is None:
        raise NotFound(f"merchant `{mchid}` has no order `{out_trade_no}`; `nfemu pay orders` lists all")
    return standing(trade, desk.now())


async def act(desk: Desk, trade: Trade, outcome: Outcome, openid: str = "") -> bool:
    """On return the merchant has been told, or has taken too long; True: it has accepted. Raises Refused,
    Unavailable."""
    match outcome:
        case Outcome.PAID:
            return await desk.pay(trade, openid)
        case Outcome.FAILED:
            await desk.fail(trade)
        case Outcome.GIVEN_UP:
            await desk.give_up(trade)
    return False
