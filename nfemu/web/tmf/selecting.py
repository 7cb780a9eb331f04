"""What may be asked of lists and of single resources (TMF630): attributes, pages, and filters by attribute.

A parameter that is none of these is refused: left out in silence, it would answer another question.
"""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from nfemu.model.identity import AccountId
from nfemu.model.listing import AccountsWanted, CardsWanted, PaymentsWanted
from nfemu.model.subscriber import Subscriber
from nfemu.model.tm_forum import ACTIVE, TOPUP_STATUS

Status = Literal["active", "suspended"]
Number = Annotated[str | None, Field(max_length=32, description="In any spelling.")]


class Attributes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: str | None = Field(
        None, max_length=500, description="First-level attributes, commas between; `id` and `href` always. Or `none`."
    )


class Page(Attributes):
    offset: int = Field(0, ge=0, le=10_000_000, description="How many are left out at the front.")
    limit: int = Field(100, ge=1, le=500, description="How many at the most.")


class Customers(Page):
    status: Status | None = None
    account: str | None = Field(None, max_length=64, alias="engagedParty.id", description="Whose account it is.")

    @property
    def wanted(self) -> CardsWanted:
        return CardsWanted(_is_open(self.status), _account(self.account))


class Balances(Page):
    account: str | None = Field(None, max_length=64, alias="partyAccount.id")


class Buckets(Balances):
    status: Status | None = None
    number: Number = Field(None, alias="logicalResource.id")

    def wanted(self, card: Subscriber | None) -> AccountsWanted | None:
        """`card`: of the number. None: nothing is both its and that account's."""
        account = _account(self.account)
        if card is not None and account not in (None, card.account):
            return None
        return AccountsWanted(_is_open(self.status), account if card is None else card.account)


class Topups(Balances):
    status: Literal["created", "completed", "cancelled"] | None = None
    number: Number = Field(None, alias="logicalResource.id")

    def wanted(self, card: Subscriber | None) -> PaymentsWanted:
        """`card`: of the number."""
        state = next((state for state, status in TOPUP_STATUS.items() if status == self.status), None)
        return PaymentsWanted(state, _account(self.account), None if card is None else card.imsi)


Single = Annotated[Attributes, Query()]


def _account(name: str | None) -> AccountId | None:
    return None if name is None else AccountId(name)


def _is_open(status: Status | None) -> bool | None:
    return None if status is None else status == ACTIVE
