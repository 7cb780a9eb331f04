"""The configuration under which a state was saved, as digests: what differs now can be named, and is not kept."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from nfemu.bootstrap.reload.house import house_facts
from nfemu.bootstrap.reload.network import network_facts
from nfemu.bootstrap.reload.people import FILE as PEOPLE
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.settings import ClockKind, Configuration
from nfemu.store.state_file import Facts, Header

_WHERE = ("access", "api", "proxy")
"""What carrier.yaml says about where the carrier is reached, and by what; a state is none of that."""


def facts_of(configuration: Configuration) -> Facts:
    """File → subject → digest."""
    files = {**house_facts(configuration), **network_facts(configuration.catalogue, configuration.policies)}
    digests = {
        file: {subject: _digest(says) for subject, says in facts.items() if subject not in _WHERE}
        for file, facts in files.items()
    }
    return {**digests, PEOPLE: {"cards and accounts": configuration.people.fingerprint()}}


def differences(saved: Facts, now: Facts) -> list[str]:
    """A line for each subject that says something else now, has come, or has gone."""
    return [
        f"{file}: {subject} {_changed(saved.get(file, {}).get(subject), now.get(file, {}).get(subject))}"
        for file in sorted({*saved, *now})
        for subject in sorted({*saved.get(file, {}), *now.get(file, {})})
        if saved.get(file, {}).get(subject) != now.get(file, {}).get(subject)
    ]


def network_of(configuration: Configuration) -> dict[str, str]:
    """Without the same here, a state's cards and accounts mean nothing."""
    carrier = configuration.carrier
    return {"plmn": str(carrier.plmn), "country_code": carrier.country_code, "currency": carrier.currency}


def refuse_foreign(name: str, header: Header, configuration: Configuration, wall: datetime) -> None:
    """Raises Conflict where the state is another carrier's, or business time would go back under the wall clock."""
    here = network_of(configuration)
    differing = [
        f"`{key}` {was} is {here.get(key)} here" for key, was in header.network.items() if here.get(key) != was
    ]
    if differing:
        raise Conflict(
            f"state `{name}` was saved by another carrier: {', '.join(differing)}; load it under its own configuration"
        )
    clocks = configuration.carrier.clock, header.clock
    if clocks == (ClockKind.WALL, ClockKind.TEST.value) and header.business_time > wall:
        raise Conflict(
            f"state `{name}` stands at {header.business_time.isoformat(timespec='seconds')}, ahead of the wall clock, "
            "by which this carrier goes; load it on one that was started with `nfemu up --clock test`"
        )


def check_clock(clock: datetime | None, configuration: Configuration, stood: datetime | None) -> None:
    """Whether business time can be `clock` after a load of a state that stands at `stood` (None: nowhere yet).

    Raises Conflict; InvalidInput for a time without zone.
    """
    if clock is None:
        return
    if clock.tzinfo is None:
        raise InvalidInput(f"time `{clock.isoformat()}` has no zone; write it like 2026-11-01T08:00:00+08:00")
    if configuration.carrier.clock is ClockKind.WALL:
        raise Conflict("business time is the wall clock here; start with `nfemu up --clock test` to set it")
    if stood is not None and clock < stood:
        raise Conflict(
            f"the state stands at {stood.isoformat(timespec='seconds')}, and nothing of it can have happened after "
            f"`{clock.isoformat()}`; take a later time, or the state `initial`"
        )


def _digest(says: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(says, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def _changed(was: str | None, is_now: str | None) -> str:
    if was is None:
        return "is new since the state was saved"
    return "is not there any more" if is_now is None else "is another one than when the state was saved"
