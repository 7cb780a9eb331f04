"""The hub of each API (TMF630, TMF688): listeners, which are the carrier's webhooks in TM Forum's words."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from nfemu.model import event_kinds
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import WebhookId
from nfemu.model.tm_forum import BALANCE_API, CUSTOMER_API, EVENT_API
from nfemu.model.webhooks import Webhook
from nfemu.web.api.backend import ApiBackend
from nfemu.web.api.document import refusals
from nfemu.web.tmf.answering import offer, one, page
from nfemu.web.tmf.models import Error, EventSubscription, EventSubscriptionInput, NewEventSubscription

_TYPES = "eventType="
HUBS = (
    (EVENT_API, "Event", "TMF688 event hub", (event_kinds.EVERYTHING, *event_kinds.KINDS)),
    (CUSTOMER_API, "Customer", "TMF629 customer hub", event_kinds.CUSTOMER_KINDS),
    (BALANCE_API, "Balance", "TMF654 prepay balance hub", event_kinds.TOPUP_KINDS),
)
"""Where each is, its name, tag, and the kinds that it has; the event hub has the timeline's too."""


class Hub:
    """Of one API. `kinds`: what it may be asked for; all of them where nothing is asked for."""

    def __init__(self, backend: ApiBackend, prefix: str, name: str, tag: str, kinds: Sequence[str]) -> None:
        self._backend = backend
        self._prefix = prefix
        self._name = name
        self._tag = tag
        self._kinds = kinds

    def router(self) -> APIRouter:
        refused = {
            **refusals(404, 409, 422, 503),
            400: {"model": Error, "description": "The request is wrong in itself."},
        }
        return offer(
            APIRouter(prefix=f"{self._prefix}/hub", tags=[self._tag], responses=refused),
            ("POST", "", self._register, f"register{self._name}Listener", 201, NewEventSubscription),
            ("GET", "", self._list, f"list{self._name}Listener", 200, list[EventSubscription]),
            ("DELETE", "/{id}", self._unregister, f"unregister{self._name}Listener", 204, None),
        )

    async def _register(self, wanted: EventSubscriptionInput) -> Response:
        """Have a listener told of events, from now on; the answer alone has its secret."""
        webhook, secret = await self._backend.webhooks.add(wanted.callback, self._asked(wanted.query))
        return one(NewEventSubscription(**_shown(webhook).model_dump(), secret=secret), status=201)

    async def _list(self) -> Response:
        """Listeners of this API's events."""
        found = [each for each in self._backend.webhooks.all() if set(each.events) <= set(self._kinds) or self._is_all]
        return page([_shown(each) for each in found], len(found), None)

    async def _unregister(self, id: str) -> Response:  # noqa: A002 - TM Forum's name
        """Tell a listener nothing any more."""
        await self._backend.webhooks.remove(WebhookId(id))
        return Response(status_code=204)

    @property
    def _is_all(self) -> bool:
        return event_kinds.EVERYTHING in self._kinds

    def _asked(self, query: str) -> list[str]:
        """Raises InvalidInput."""
        if not query:
            return [event_kinds.EVERYTHING] if self._is_all else list(self._kinds)
        asked = query.removeprefix(_TYPES).split(",") if query.startswith(_TYPES) else []
        if not asked or (not self._is_all and not set(asked) <= set(self._kinds)):
            known = ", ".join(self._kinds) if not self._is_all else "order.done,payment.*"
            raise InvalidInput(f"`query` is not understood; write `{_TYPES}` and kinds, here: {known}")
        return asked


def _shown(webhook: Webhook) -> EventSubscription:
    return EventSubscription(id=webhook.id, callback=webhook.callback, query=_TYPES + ",".join(webhook.events))
