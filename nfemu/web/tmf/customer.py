"""TMF629, customer management: the subscribers. They are read here, and suspended and activated as a person at the
carrier does it; the configuration makes them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from nfemu.carrier.status import LineStatus
from nfemu.model.account import AccountKind
from nfemu.model.subscriber import Hold
from nfemu.model.tm_forum import ACTIVE, CUSTOMER_API, SUSPENDED, bucket_href, customer_href, status_of
from nfemu.web.api.backend import Carrier
from nfemu.web.api.document import refusals
from nfemu.web.tmf import selecting
from nfemu.web.tmf.answering import offer, one, page
from nfemu.web.tmf.models import (
    Characteristic,
    ContactMedium,
    Customer,
    CustomerPatch,
    Error,
    Party,
    PhoneNumber,
    Reference,
)
from nfemu.web.tmf.selecting import Single


class Customers:
    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def router(self) -> APIRouter:
        refused = {
            **refusals(404, 409, 422, 503),
            400: {"model": Error, "description": "The request is wrong in itself."},
        }
        return offer(
            APIRouter(prefix=CUSTOMER_API, tags=["TMF629 customer"], responses=refused),
            ("GET", "/customer", self._list, "listCustomer", 200, list[Customer]),
            ("GET", "/customer/{id}", self._show, "retrieveCustomer", 200, Customer),
            ("PATCH", "/customer/{id}", self._patch, "patchCustomer", 200, Customer),
        )

    async def _list(self, asked: Annotated[selecting.Customers, Query()]) -> Response:
        """Subscribers, by number."""
        found, total = await self._carrier().lines(asked.wanted, asked.offset, asked.limit)
        return page([_customer(each) for each in found], total, asked.fields)

    async def _show(self, id: str, asked: Single) -> Response:  # noqa: A002 - TM Forum's name
        """One subscriber, by number in any spelling."""
        carrier = self._carrier()
        return one(_customer(await carrier.status((await carrier.find(id)).msisdn)), asked.fields)

    async def _patch(self, id: str, wanted: CustomerPatch, asked: Single) -> Response:  # noqa: A002 - TM Forum's name
        """Suspend a line until a person activates it again, or activate it; answered once that is in force.

        A status that it has already changes nothing.
        """
        carrier = self._carrier()
        msisdn = (await carrier.find(id)).msisdn
        status = await carrier.status(msisdn)
        if wanted.status not in (None, status_of(status.ordered)):
            status = await (carrier.restrict if wanted.status == SUSPENDED else carrier.restore)(msisdn)
        return one(_customer(status), asked.fields)


def _customer(status: LineStatus) -> Customer:
    card, account = status.line.subscriber, status.account
    kind = "Organization" if account.kind is AccountKind.UNIT else "Individual"
    state = status_of(status.ordered)
    by_hand = status.line.subscription.hold is Hold.RESTRICT
    return Customer(
        id=card.msisdn.e164,
        href=customer_href(card.msisdn),
        name=f"+{card.msisdn.e164}",
        status=state,
        statusReason=None if state == ACTIVE else "restricted by hand" if by_hand else status.standing.value,
        engagedParty=Party(id=account.id, name=account.id, role=kind),
        account=[Reference(id=account.id, href=bucket_href(account.id), name=account.id)],
        contactMedium=[
            ContactMedium(mediumType="phone", characteristic=PhoneNumber(phoneNumber=f"+{card.msisdn.e164}"))
        ],
        characteristic=[
            Characteristic(name="creditLevel", value=str(account.level)),
            Characteristic(name="standing", value=status.standing.value),
            Characteristic(name="role", value=card.role.value),
            Characteristic(name="language", value=card.language),
        ],
    )
