"""A catalogue that takes another's place under running sessions: who is in its way, and what becomes of each session.

A session follows its profile as in any flip: the next policy version, acknowledged by every enforcement point. Its
address stays; where the profile draws from another pool now, the line gets one from there when it attaches again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from nfemu.carrier.following import changed
from nfemu.epc import pgw
from nfemu.epc.catalogue import Catalogue
from nfemu.model.errors import Conflict
from nfemu.model.identity import Imsi
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import ApnProfile, OrderedProfile

_NAMED = 3


def check_in_use(after: Catalogue, sessions: Iterable[PdnSession], country_code: str) -> None:
    """Raises Conflict where a profile or an address that an active session has would vanish; names who has it."""
    active = [session for session in sessions if pgw.is_active(session)]
    for name in sorted({session.profile for session in active} - set(after.profiles)):
        users = [session for session in active if session.profile == name]
        raise Conflict(
            f"profile `{name}` is gone from apns.yaml, but {_who(users, country_code)} on it; point `ordered` to "
            "another profile and reload first, then take it out"
        )
    homeless = [session for session in active if not after.holds(session.ue_ipv4, session.ue_ipv6)]
    if homeless:
        example = homeless[0].ue_ipv4 or homeless[0].ue_ipv6
        raise Conflict(
            f"no pool of apns.yaml holds `{example}` any more, but {_who(homeless, country_code)} on such addresses; "
            "keep their pool until they are detached"
        )


def follow_catalogue(
    before: Catalogue,
    after: Catalogue,
    sessions: Iterable[PdnSession],
    ordered: Mapping[Imsi, OrderedProfile],
    now: datetime,
) -> list[PdnSession]:
    """The active sessions that `after` changes, as they will be. `ordered`: of every card that is not `open`."""
    return list(_followed(before, after, sessions, ordered, now))


def _followed(
    before: Catalogue,
    after: Catalogue,
    sessions: Iterable[PdnSession],
    ordered: Mapping[Imsi, OrderedProfile],
    now: datetime,
) -> Iterator[PdnSession]:
    for session in filter(pgw.is_active, sessions):
        profile = _wanted(before, after, session, ordered.get(session.imsi, OrderedProfile.OPEN))
        followed = changed(session, profile, now)
        if followed is session and before.profiles.get(profile.name) != profile:
            followed = pgw.modify(session, profile)
        if followed is not session:
            yield followed


def _wanted(before: Catalogue, after: Catalogue, session: PdnSession, ordered: OrderedProfile) -> ApnProfile:
    """What `after` gives the line. An open one on a profile that nothing in `ordered` meant is in a garden, and stays
    there: `check_in_use` has seen that its profile is there."""
    if ordered is OrderedProfile.OPEN and session.profile not in before.ordered.values():
        return after.profiles[session.profile]
    return after.meaning(ordered)


def _who(sessions: Sequence[PdnSession], country_code: str) -> str:
    """`3 sessions are (13800138000, …)`."""
    named = ", ".join(session.msisdn.national(country_code) for session in sessions[:_NAMED])
    more = ", …" if len(sessions) > _NAMED else ""
    return f"{len(sessions)} sessions ({named}{more}) are" if len(sessions) > 1 else f"1 session ({named}) is"
