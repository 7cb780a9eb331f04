"""`explain`: may this line reach that URL at this moment, by which rule, and why."""

from datetime import datetime

from nfemu.carrier.status import LineStatus
from nfemu.epc.pgw import is_active
from nfemu.model.subscriber import Hold
from nfemu.policy.explain import describe, explain
from nfemu.policy.rules import NO_BINDINGS
from nfemu.policy.urls import destination_of
from nfemu.web.api import views
from nfemu.web.api.backend import ApiBackend
from nfemu.web.api.models import ExplanationOut


async def explain_url(status: LineStatus, backend: ApiBackend, url: str, now: datetime) -> ExplanationOut:
    """What the subscriber really gets at `now`, business time in the carrier's zone.

    Raises InvalidInput for something that is no destination.
    """
    destination = destination_of(url)
    session = status.line.session
    if session is None or not is_active(session):
        return ExplanationOut(
            destination=describe(destination),
            profile=None,
            verdict="reject",
            enrich=False,
            rule="detached" if status.permitted else "no session permitted",
            reason=f"the line has no session: nothing is reachable; {_way_out(status)}",
            summary="refused",
            addresses=[],
            leads_to="",
            candidates=[],
            points=[],
        )
    policies = backend.policies()
    found = explain(policies, session.policy, destination, NO_BINDINGS, now, now)
    profile = policies.profile(session.policy)
    msisdn = status.line.subscriber.msisdn
    return views.explanation(found, await backend.reach(msisdn, profile, destination, found.decision))


def _way_out(status: LineStatus) -> str:
    """What gives the line a session again."""
    if status.permitted:
        return "attach it first"
    held = status.line.subscription.hold is Hold.RESTRICT
    return "its profile gives no IP address; " + ("restore the line" if held else "pay the arrears or restore the line")
