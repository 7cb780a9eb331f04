"""Named states of the whole carrier: `/api/v1/states`."""

from zoneinfo import ZoneInfo

from fastapi import APIRouter

from nfemu.web.api.backend import ApiBackend, ApiConfig, NamedState
from nfemu.web.api.document import declare, refusals
from nfemu.web.api.models import Done, LoadedState, LoadStateIn, NamedStateOut, NamedStates

_AS_IT_STANDS = LoadStateIn()


class StateRoutes:
    def __init__(self, config: ApiConfig, backend: ApiBackend) -> None:
        self._zone = config.timezone
        self._backend = backend

    def router(self) -> APIRouter:
        return declare(
            APIRouter(tags=["states"], responses=refusals(404)),
            ("GET", "/states", self._list, "listStates"),
            ("POST", "/states/{name}/save", self._save, "saveState"),
            ("POST", "/states/{name}/load", self._load, "loadState"),
            ("DELETE", "/states/{name}", self._delete, "deleteState"),
        )

    async def _list(self) -> NamedStates:
        """All that can be loaded."""
        return NamedStates(states=[_shown(each, self._zone) for each in await self._backend.states.all()])

    async def _save(self, name: str) -> NamedStateOut:
        """Keep the carrier as it is now, in place of an earlier state of that name."""
        return _shown(await self._backend.states.save(name), self._zone)

    async def _load(self, name: str, wanted: LoadStateIn = _AS_IT_STANDS) -> LoadedState:
        """Go over to a state. Every point serves its people, and no others, when this is answered."""
        return LoadedState(name=name, differences=list(await self._backend.states.load(name, wanted.clock)))

    async def _delete(self, name: str) -> Done:
        """Forget a state; the carrier stays as it is."""
        await self._backend.states.delete(name)
        return Done(done=[f"state {name} is deleted"])


def _shown(state: NamedState, zone: ZoneInfo) -> NamedStateOut:
    moments = (state.saved_at, state.business_time)
    saved_at, business_time = (None if each is None else each.astimezone(zone) for each in moments)
    return NamedStateOut(
        name=state.name,
        built_in=state.saved_at is None and not state.damaged,
        saved_at=saved_at,
        business_time=business_time,
        subscribers=state.subscribers,
        damaged=state.damaged,
    )
