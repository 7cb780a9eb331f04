"""A reload, whole or not at all.

    read, validate ──▶ refuse what is fixed ──▶ prepare: rules compiled, listeners open beside the old ones, workers up
        ──▶ pause: no use case runs ──▶ plan sessions ──▶ COMMIT ──▶ switch, confirmed by every worker ──▶ go on
        ──▶ old listeners and workers go ──▶ lines follow the new dunning rules, new cards attach

Up to the commit everything can fail, and then everything is as before. After it nothing is undone: what stops the
process is finished by the next start, which goes by the files as they are then.

Rules and the lines that change with them reach each worker in one step (`Gateway.switch`): a policy name that means
something else in the new files never meets a line of the old ones.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from nfemu.bootstrap.conversion import carrier_rules, rule_source
from nfemu.bootstrap.people import attach_listed, seed
from nfemu.bootstrap.reload.changes import Concerned, changes
from nfemu.bootstrap.reload.collisions import refuse_known_numbers, refuse_own_ports
from nfemu.bootstrap.reload.fixed import refuse_fixed
from nfemu.bootstrap.reload.people import FILE as PEOPLE
from nfemu.bootstrap.reload.reading import read_settled
from nfemu.gateway.gateway import Wanted
from nfemu.model.subscriber import Subscriber
from nfemu.runtime.changeover import Changeover
from nfemu.settings import Configuration
from nfemu.web.api.backend import ConfigChange
from nfemu.web.listener import Listener

if TYPE_CHECKING:
    from nfemu.bootstrap.emulator import Emulator

T = TypeVar("T")


class Reload:
    """Takes one running carrier from configuration to configuration; of two at once the second waits."""

    def __init__(self, carrier: "Emulator", read: Callable[[], Configuration], turn: asyncio.Lock) -> None:
        """`turn`: shared with whatever else must not happen meanwhile."""
        self._carrier = carrier
        self._read = read
        self._lock = turn

    async def run(self) -> list[ConfigChange]:
        """What differs from before, each with whether it is in force now.

        Raises ConfigurationError; Conflict where something is fixed or in use; Unavailable. Then nothing is applied.
        """
        async with self._lock:
            return await self._apply(await self._read_fresh())

    async def preview(self) -> list[ConfigChange]:
        """What `run` would say, and nothing is applied. Raises as `run`, but for what only the attempt can show."""
        async with self._lock:
            return await self._preview(await self._read_fresh())

    async def rotate(self, rotate: Callable[[], T]) -> T:
        """Replace keys with `rotate` and have everybody use them, the configuration being as it was."""
        async with self._lock:
            carrier = self._carrier
            rotated = rotate()
            await carrier.gateway.reload(rule_source(carrier.configuration, carrier.state))
            carrier.life.web.follow(carrier.configuration)
            return rotated

    async def _read_fresh(self) -> Configuration:
        before = self._carrier.configuration
        fresh = await read_settled(before.directory, self._read)
        refuse_fixed(before, fresh)
        return fresh

    async def _preview(self, fresh: Configuration) -> list[ConfigChange]:
        carrier = self._carrier
        await self._refuse_collisions(fresh)
        await asyncio.to_thread(rule_source(fresh, carrier.state).compile)
        plan = await carrier.service.plan(carrier_rules(fresh), _newcomers(carrier.configuration, fresh))
        return changes(carrier.configuration, fresh, await self._concerned(plan))

    async def _apply(self, fresh: Configuration) -> list[ConfigChange]:
        carrier, before = self._carrier, self._carrier.configuration
        await self._refuse_collisions(fresh)
        ports = carrier.ports.following(before, fresh)
        proxy = fresh.carrier.proxy
        here = carrier.service.now().astimezone(fresh.carrier.timezone)
        rules = replace(rule_source(fresh, carrier.state), hours_at=here)
        wanted = Wanted(rules, ports.plan(proxy.host), proxy.workers)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._api_listening(before, fresh, ports.api))
            await stack.enter_async_context(carrier.smpp.following(fresh.dunning.notices.smpp))
            switch = await stack.enter_async_context(carrier.gateway.reloading(wanted))
            async with carrier.service.paused():
                plan = await carrier.service.plan(carrier_rules(fresh), _newcomers(before, fresh))
                found = changes(before, fresh, await self._concerned(plan))
                await seed(carrier.store, fresh.people, plan.changes())
                carrier.service.take_over(plan)
                carrier.configuration, carrier.ports = fresh, ports
                carrier.life.follow(fresh)
                carrier.api_side.follow(fresh)
                await switch.now(plan.states)
                carrier.life.plan_opening()
                await carrier.service.confirm(plan)
                await carrier.service.plan_duties()
        return [*found, *await self._follow_up(fresh)]

    async def _refuse_collisions(self, fresh: Configuration) -> None:
        """Raises Conflict, Unavailable."""
        carrier, before = self._carrier, self._carrier.configuration
        refuse_own_ports(
            carrier.ports.places(before.carrier),
            carrier.ports.following(before, fresh).places(fresh.carrier),
            carrier.bound().places(before.carrier),
        )
        await refuse_known_numbers(carrier.store, _newcomers(before, fresh))

    async def _follow_up(self, fresh: Configuration) -> list[ConfigChange]:
        """What ordinary use cases do under the new rules."""
        carrier = self._carrier
        told = fresh.carrier.webhooks
        await carrier.webhooks.follow_configuration(told.receivers, told.rules)
        moved = await carrier.service.realign()
        done = []
        if moved:
            done.append(ConfigChange("dunning.yaml", "standing", f"derived anew; accounts with lines to move: {moved}"))
        country = fresh.carrier.country_code
        for subscriber, error in await attach_listed(carrier.service, fresh.people):
            number = subscriber.msisdn.national(country)
            done.append(ConfigChange(PEOPLE, number, "to be attached", str(error), applied=False))
        carrier.state.publish(carrier.status())
        return done

    @asynccontextmanager
    async def _api_listening(self, before: Configuration, fresh: Configuration, port: int) -> AsyncIterator[None]:
        """The API on its new address beside the old one, which goes once the answer to this very request is out."""
        carrier = self._carrier
        if (carrier.ports.api, before.carrier.api.host) == (port, fresh.carrier.api.host):
            yield
            return
        new = Listener(carrier.api_side.app, fresh.carrier.api.host, port, "api.port")
        await new.start()
        try:
            yield
        except BaseException:
            await new.stop()
            raise
        carrier.exchange_api(new)

    async def _concerned(self, plan: Changeover) -> Concerned:
        """Raises Unavailable."""
        lines = self._carrier.service.lines_by_policy()
        ordered = await self._carrier.store.ordered_profiles()
        return Concerned(Counter(session.profile for session in plan.sessions), lines, Counter(ordered.values()))


def _newcomers(before: Configuration, fresh: Configuration) -> list[Subscriber]:
    """Listed cards that the old files did not have: their static addresses are theirs from the switch on."""
    known = {card.imsi for card in before.people.listed}
    return [card for card in fresh.people.listed if card.imsi not in known]
