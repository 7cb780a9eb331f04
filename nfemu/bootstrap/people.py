"""The people of the configuration in the store and on the network."""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace

from nfemu.bootstrap.conversion import seed_account, seed_range
from nfemu.carrier.ports import Change
from nfemu.model.errors import Conflict, NfemuError
from nfemu.model.subscriber import Subscriber
from nfemu.runtime.service import CarrierService
from nfemu.settings import People
from nfemu.store import SqlStore
from nfemu.store.content import Part

_log = logging.getLogger(__name__)


async def exchange(store: SqlStore, people: People, parts: Sequence[Part]) -> SqlStore:
    """`parts` instead of everything, and everybody whom the configuration names and they do not know; see there."""
    singles = replace(people, ranges=())
    return await store.exchange(
        parts,
        (seed_account(opening) for opening in singles.accounts()),
        singles,
        ranges=[seed_range(part, people.terms) for part in people.ranges],
        fingerprint=people.fingerprint(),
    )


async def seed(store: SqlStore, people: People, changes: Sequence[Change] = ()) -> None:
    """Everybody whom the configuration names and the store does not know yet, and `changes`, in one transaction."""
    singles = replace(people, ranges=())
    await store.seed(
        (seed_account(opening) for opening in singles.accounts()),
        singles,
        ranges=[seed_range(part, people.terms) for part in people.ranges],
        fingerprint=people.fingerprint(),
        changes=changes,
    )


async def attach_listed(service: CarrierService, people: People) -> list[tuple[Subscriber, NfemuError]]:
    """Give a session to whoever has one from the start and never had any: a line that was detached stays so.

    A profile of the line's own is ordered before its first session; later orders outrank it.
    Those that could not be attached, and why.
    """
    known = {state.imsi for state in service.line_states()}
    refused = []
    for subscriber in people.listed:
        profile = people.profiles.get(subscriber.msisdn)
        if profile is not None and subscriber.imsi not in known:
            with contextlib.suppress(Conflict):  # it has that profile already
                await service.order_profile(subscriber.msisdn, profile)
    for subscriber in people.attached_at_start():
        if subscriber.imsi not in known:
            try:
                await service.attach(subscriber.msisdn)
            except NfemuError as error:
                _log.warning("%s is not attached: %s", subscriber.msisdn.masked(), error)
                refused.append((subscriber, error))
    return refused
