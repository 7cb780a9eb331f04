"""TMF654, prepay balance management: the ledger and its payments."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from nfemu.carrier.ports import AccountView
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import AccountId, Msisdn, PaymentNo
from nfemu.model.listing import AccountsWanted
from nfemu.model.money import Money
from nfemu.model.orders import Payment
from nfemu.model.subscriber import Subscriber
from nfemu.model.tm_forum import (
    ACTIVE,
    BALANCE_API,
    SUSPENDED,
    TOPUP_STATUS,
    bucket_href,
    customer_href,
    status_of,
    topup_href,
)
from nfemu.web.api.backend import ApiBackend, ApiConfig, Carrier
from nfemu.web.api.document import refusals
from nfemu.web.tmf import selecting
from nfemu.web.tmf.answering import offer, one, page
from nfemu.web.tmf.models import (
    AccumulatedBalance,
    Bucket,
    Error,
    Party,
    Quantity,
    Reference,
    TopupBalance,
    TopupBalanceCreate,
)
from nfemu.web.tmf.selecting import Single

Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=64, description="Of the caller's choice: pays once."),
]


class PrepayBalance:
    def __init__(self, carrier: Carrier, config: ApiConfig, backend: ApiBackend) -> None:
        self._carrier = carrier
        self._config = config
        self._backend = backend

    def router(self) -> APIRouter:
        refused = {
            **refusals(404, 409, 422, 503),
            400: {"model": Error, "description": "The request is wrong in itself."},
        }
        return offer(
            APIRouter(prefix=BALANCE_API, tags=["TMF654 prepay balance"], responses=refused),
            ("GET", "/bucket", self._buckets, "listBucket", 200, list[Bucket]),
            ("GET", "/bucket/{id}", self._bucket, "retrieveBucket", 200, Bucket),
            ("GET", "/accumulatedBalance", self._sums, "listAccumulatedBalance", 200, list[AccumulatedBalance]),
            ("GET", "/accumulatedBalance/{id}", self._sum, "retrieveAccumulatedBalance", 200, AccumulatedBalance),
            ("GET", "/topupBalance", self._topups, "listTopupBalance", 200, list[TopupBalance]),
            ("POST", "/topupBalance", self._top_up, "createTopupBalance", 201, TopupBalance),
            ("GET", "/topupBalance/{id}", self._topup, "retrieveTopupBalance", 200, TopupBalance),
        )

    async def _buckets(self, asked: Annotated[selecting.Buckets, Query()]) -> Response:
        """The money of each account, by name."""
        card = await self._card(asked.number)
        wanted = asked.wanted(card)
        if wanted is None or (card is None and asked.number is not None):
            return page([], 0, asked.fields)
        found, total = await self._carrier().accounts(wanted, asked.offset, asked.limit)
        return page([_bucket(each) for each in found], total, asked.fields)

    async def _bucket(self, id: str, asked: Single) -> Response:  # noqa: A002 - TM Forum's name
        """The money of one account."""
        return one(_bucket(await self._carrier().account(AccountId(id))), asked.fields)

    async def _sums(self, asked: Annotated[selecting.Balances, Query()]) -> Response:
        """What the buckets of each account come to."""
        wanted = AccountsWanted(account=None if asked.account is None else AccountId(asked.account))
        found, total = await self._carrier().accounts(wanted, asked.offset, asked.limit)
        return page([_sum(each) for each in found], total, asked.fields)

    async def _sum(self, id: str, asked: Single) -> Response:  # noqa: A002 - TM Forum's name
        """What the buckets of one account come to."""
        return one(_sum(await self._carrier().account(AccountId(id))), asked.fields)

    async def _topups(self, asked: Annotated[selecting.Topups, Query()]) -> Response:
        """Payment orders, newest first."""
        card = await self._card(asked.number)
        if card is None and asked.number is not None:
            return page([], 0, asked.fields)
        found, total = await self._carrier().payments(asked.wanted(card), asked.offset, asked.limit)
        return page([await self._shown(each) for each in found], total, asked.fields)

    async def _topup(self, id: str, asked: Single) -> Response:  # noqa: A002 - TM Forum's name
        """One payment order."""
        return one(await self._shown(await self._carrier().payment(PaymentNo(id))), asked.fields)

    async def _card(self, number: str | None) -> Subscriber | None:
        """None: nobody has the number, or none was asked for. Raises InvalidInput."""
        try:
            return None if number is None else await self._carrier().find(number)
        except NotFound:
            return None

    async def _top_up(self, wanted: TopupBalanceCreate, key: Key = None) -> Response:
        """Pay at the provider for a line; answered when it is in the ledger and service is restored."""
        msisdn = await self._line(wanted)
        if wanted.amount.units != self._config.currency:
            raise InvalidInput(f"amounts are in {self._config.currency} here, not in `{wanted.amount.units}`")
        amount = Money.parse(format(wanted.amount.amount, "f"), self._config.currency)
        number = None if key is None else _number(key)
        paid = await self._backend.top_up(msisdn, amount, number)
        return one(await self._shown(paid), status=201)

    async def _line(self, wanted: TopupBalanceCreate) -> Msisdn:
        """Raises InvalidInput, NotFound."""
        accounts = {each.id for each in (wanted.bucket, wanted.partyAccount) if each is not None}
        if wanted.logicalResource:
            card = await self._carrier().find(wanted.logicalResource[0].id)
            if accounts - {card.account}:
                raise InvalidInput("`bucket` and `partyAccount` are not the account of the number; leave them out")
            return card.msisdn
        if len(accounts) != 1:
            raise InvalidInput("say what to top up: a number in `logicalResource`, or one account in `bucket`")
        view = await self._carrier().account(AccountId(accounts.pop()))
        if not view.lines:
            raise InvalidInput(f"account `{view.account.id}` has no line that could be topped up")
        return view.lines[0].subscriber.msisdn

    async def _shown(self, payment: Payment) -> TopupBalance:
        card = await self._carrier().card_of(payment.imsi)
        zone = self._config.timezone
        return TopupBalance(
            id=payment.no,
            href=topup_href(payment.no),
            amount=_quantity(payment.amount),
            bucket=Reference(id=payment.account, href=bucket_href(payment.account)),
            partyAccount=Reference(id=payment.account, name=payment.account),
            logicalResource=[Reference(id=card.msisdn.e164)],
            paymentMethod=Reference(id=payment.provider, name=payment.provider),
            requestedDate=payment.created_at.astimezone(zone),
            confirmationDate=None if payment.posted_at is None else payment.posted_at.astimezone(zone),
            status=TOPUP_STATUS[payment.state],
            usageType="monetary",
        )


def _number(key: str) -> PaymentNo:
    """The payment order of an idempotency key: the same whenever it is asked."""
    return PaymentNo(f"pay-{hashlib.blake2b(f'topup {key}'.encode(), digest_size=12).hexdigest()}")


def _bucket(view: AccountView) -> Bucket:
    account = view.account.id
    cards = [line.subscriber for line in view.lines]
    suspended = any(status_of(line.subscription.ordered) == SUSPENDED for line in view.lines)
    return Bucket(
        id=account,
        href=bucket_href(account),
        name=account,
        isShared=len(cards) > 1,
        remainingValue=_quantity(view.balance),
        remainingValueName=str(view.balance),
        status=SUSPENDED if suspended else ACTIVE,
        usageType="monetary",
        partyAccount=Reference(id=account, name=account),
        logicalResource=[Reference(id=card.msisdn.e164) for card in cards],
        relatedParty=[Party(id=card.msisdn.e164, href=customer_href(card.msisdn), role="customer") for card in cards],
    )


def _sum(view: AccountView) -> AccumulatedBalance:
    account = view.account.id
    return AccumulatedBalance(
        id=account,
        href=f"{BALANCE_API}/accumulatedBalance/{account}",
        name=account,
        bucket=[Reference(id=account, href=bucket_href(account))],
        totalBalance=_quantity(view.balance),
        partyAccount=Reference(id=account, name=account),
    )


def _quantity(money: Money) -> Quantity:
    return Quantity.model_validate({"amount": money.decimal(), "units": money.currency})
