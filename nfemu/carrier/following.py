"""The PGW follows the HSS: what the ordered profile makes of a line's session.

session       ordered profile     becomes
-----------   -----------------   --------------------------------------------------------------------------
active        gives IP            changed in place, where it differs
active        gives none (G8)     cut off: released under that profile
cut off       gives IP            a new one, as a phone attaches again by itself once the HSS lets it (G14)
cut off       gives none          as it is
detached      any                 as it is: who detached it attaches it
"""

from datetime import datetime

from nfemu.carrier.commands import Emit, NewId, Reserve, Step, ask
from nfemu.carrier.lines import session_detail
from nfemu.carrier.ports import Line
from nfemu.carrier.rules import CarrierRules
from nfemu.epc import pgw
from nfemu.model import events
from nfemu.model.errors import Conflict
from nfemu.model.identity import CorrelationId, SessionId
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import ApnProfile


def follow(
    rules: CarrierRules, line: Line, profile: ApnProfile, correlation: CorrelationId, now: datetime
) -> Step[PdnSession | None]:
    """The line's next session under the ordered `profile`, its event emitted; None where it stays as it is."""
    session = line.session
    if session is None:
        return None
    if pgw.is_active(session):
        followed = changed(session, profile, now)
        if followed is session:
            return None
        name = events.PGW_SESSION_MODIFIED if pgw.is_active(followed) else events.PGW_SESSION_RELEASED
        yield from ask(Emit(followed.imsi, correlation, name, session_detail(followed)))
        return followed
    if profile.gives_ip and pgw.is_cut_off(session, rules.catalogue):
        return (yield from _attached_again(line, session, profile, correlation, now))
    return None


def changed(session: PdnSession, profile: ApnProfile, now: datetime) -> PdnSession:
    """An active session as the ordered profile wants it."""
    if not profile.gives_ip:
        return pgw.cut_off(session, profile, now)
    if (session.profile, session.policy) == (profile.name, profile.policy):
        return session
    return pgw.modify(session, profile)


def _attached_again(
    line: Line, session: PdnSession, profile: ApnProfile, correlation: CorrelationId, now: datetime
) -> Step[PdnSession | None]:
    """Without a free address the line stays without a session, and the message about the resume says so."""
    try:
        addresses = yield from ask(Reserve(line.subscriber, profile))
    except Conflict as refusal:
        yield from ask(Emit(session.imsi, correlation, events.PGW_SESSION_REFUSED, {"reason": str(refusal)}))
        return None
    identifier = SessionId((yield from ask(NewId("ses"))))
    created = pgw.create(identifier, line.subscriber, profile, addresses, session, now)
    yield from ask(Emit(created.imsi, correlation, events.PGW_SESSION_CREATED, session_detail(created)))
    return created
