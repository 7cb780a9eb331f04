"""Attach and detach: the HSS permits (G8), the PGW gives the address (G9), enforcement points confirm."""

from collections.abc import Sequence

from nfemu.carrier.commands import Begin, CarrierNow, Commit, Emit, NewId, Reserve, Step, ask
from nfemu.carrier.flip import carry_out
from nfemu.carrier.lines import line_of, locked_line, session_detail
from nfemu.carrier.ports import AccountView, Change, Line, PutSession
from nfemu.carrier.rules import CarrierRules
from nfemu.epc import hss, pgw
from nfemu.model import events
from nfemu.model.errors import Conflict
from nfemu.model.identity import CorrelationId, Msisdn, SessionId
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import ApnProfile


def attach(rules: CarrierRules, msisdn: Msisdn) -> Step[PdnSession]:
    """A session under the profile that is ordered now. Repeating one that was cut short finishes it.

    Raises NotFound; Conflict where the line is attached already, gets no IP, or no address is free; Unavailable.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    if line.session is not None and pgw.is_active(line.session):
        if pgw.is_acknowledged(line.session):
            raise Conflict(f"`{msisdn}` is attached already (session `{line.session.id}`); detach it first")
        return (yield from _finished(rules, view, line.session, (), correlation))
    profile = yield from _permitted(rules, line, correlation)
    now = yield from ask(CarrierNow())
    addresses = yield from ask(Reserve(line.subscriber, profile))
    identifier = SessionId((yield from ask(NewId("ses"))))
    session = pgw.create(identifier, line.subscriber, profile, addresses, line.session, now)
    yield from ask(Emit(session.imsi, correlation, events.PGW_SESSION_CREATED, session_detail(session)))
    return (yield from _finished(rules, view, session, [PutSession(session)], correlation))


def detach(rules: CarrierRules, msisdn: Msisdn) -> Step[PdnSession]:
    """The session released; its addresses go on hold. Repeating one that was cut short finishes it.

    Raises NotFound; Conflict where the line is not attached; Unavailable.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    if line.session is None or not pgw.is_active(line.session):
        if line.session is None or pgw.is_acknowledged(line.session):
            raise Conflict(f"`{msisdn}` is not attached, so there is nothing to detach")
        return (yield from _finished(rules, view, line.session, (), correlation))
    session = pgw.release(line.session, (yield from ask(CarrierNow())))
    yield from ask(Emit(session.imsi, correlation, events.PGW_SESSION_RELEASED, session_detail(session)))
    return (yield from _finished(rules, view, session, [PutSession(session)], correlation))


def _permitted(rules: CarrierRules, line: Line, correlation: CorrelationId) -> Step[ApnProfile]:
    """The HSS's answer, on the timeline either way."""
    imsi = line.subscriber.imsi
    try:
        profile = hss.permit(rules.catalogue, line.subscription)
    except Conflict as refusal:
        yield from ask(Emit(imsi, correlation, events.HSS_REFUSED, {"reason": str(refusal)}))
        yield from ask(Commit(()))
        raise
    detail = {"profile": profile.name, "version": str(line.subscription.version)}
    yield from ask(Emit(imsi, correlation, events.HSS_PERMITTED, detail))
    return profile


def _finished(
    rules: CarrierRules, view: AccountView, session: PdnSession, changes: Sequence[Change], correlation: CorrelationId
) -> Step[PdnSession]:
    view = yield from carry_out(rules, view, changes, correlation)
    return line_of(view, session.imsi).session or session
