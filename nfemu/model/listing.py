"""Which of many somebody wants to see; None: whatever it is."""

from dataclasses import dataclass

from nfemu.model.identity import AccountId, Imsi
from nfemu.model.orders import PaymentState


@dataclass(frozen=True, slots=True)
class CardsWanted:
    """`is_open`: whether the profile that is ordered for it is `open`."""

    is_open: bool | None = None
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class AccountsWanted:
    """`is_open`: whether all its cards are."""

    is_open: bool | None = None
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class PaymentsWanted:
    """`imsi`: the card that was paid for."""

    state: PaymentState | None = None
    account: AccountId | None = None
    imsi: Imsi | None = None
