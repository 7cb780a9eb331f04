"""TMF629, customer management: the subscribers. They are read here; the configuration makes them."""

from fastapi import APIRouter
from starlette.responses import Response

from nfemu.carrier.status import LineStatus
from nfemu.model.account import AccountKind
from nfemu.model.subscriber import Hold
from nfemu.model.tm_forum import ACTIVE, CUSTOMER_API, bucket_href, customer_href, status_of
from nfemu.web.api.backend import Carrier
from nfemu.web.api.document import refusals
from nfemu.web.tmf.answering import Fields, Limit, Offset, offer, one, page
from nfemu.web.tmf.models import Characteristic, ContactMedium, Customer, Error, Party, PhoneNumber, Reference


class Customers:
    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def router(self) -> APIRouter:
        refused = {**refusals(404, 422, 503), 400: {"model": Error, "description": "The request is wrong in itself."}}
        return offer(
            APIRouter(prefix=CUSTOMER_API, tags=["TMF629 customer"], responses=refused),
            ("GET", "/customer", self._list, "listCustomer", 200, list[Customer]),
            ("GET", "/customer/{id}", self._show, "retrieveCustomer", 200, Customer),
        )

    async def _list(self, fields: Fields = None, offset: Offset = 0, limit: Limit = 100) -> Response:
        """Subscribers, by number."""
        carrier = self._carrier()
        found = [await carrier.status(card.msisdn) for card in await carrier.cards(offset, limit)]
        return page([_customer(each) for each in found], await carrier.count_subscribers(), fields)

    async def _show(self, id: str, fields: Fields = None) -> Response:  # noqa: A002 - TM Forum's name
        """One subscriber, by number in any spelling."""
        carrier = self._carrier()
        return one(_customer(await carrier.status((await carrier.find(id)).msisdn)), fields)


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
