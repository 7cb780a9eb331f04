"""Finding a line, alone on its account, and what enforcement points are told of it."""

from nfemu.carrier.commands import LoadAccount, LoadSubscriber, Lock, Step, ask
from nfemu.carrier.ports import AccountView, Line, LineState
from nfemu.epc.catalogue import Catalogue
from nfemu.epc.pgw import is_active
from nfemu.model.errors import NotFound
from nfemu.model.identity import AccountId, Imsi, Msisdn
from nfemu.model.orders import OrderKind, WorkOrder
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import Ambr, OrderedProfile


def subscriber_account(msisdn: Msisdn) -> Step[tuple[AccountId, Imsi]]:
    """The account and card of a number. Raises NotFound."""
    subscriber = yield from ask(LoadSubscriber(msisdn))
    if subscriber is None:
        raise NotFound(f"no subscriber has the number `{msisdn}`; `nfemu subscriber list` shows all")
    return subscriber.account, subscriber.imsi


def load_account(account: AccountId) -> Step[AccountView]:
    """Raises NotFound."""
    view = yield from ask(LoadAccount(account))
    if view is None:
        raise NotFound(f"account `{account}` does not exist")
    return view


def locked_line(msisdn: Msisdn) -> Step[tuple[AccountView, Line]]:
    """The number's account, from here to the end of the use case nobody else's, and its line in it."""
    account, imsi = yield from subscriber_account(msisdn)
    yield from ask(Lock(account))
    view = yield from load_account(account)
    return view, line_of(view, imsi)


def line_of(view: AccountView, imsi: Imsi) -> Line:
    """The card's line. Raises NotFound where the card is of another account."""
    for line in view.lines:
        if line.subscriber.imsi == imsi:
            return line
    raise NotFound(f"account `{view.account.id}` has no card with IMSI `{imsi}`")


def orders_of(view: AccountView, imsi: Imsi) -> list[WorkOrder]:
    """The line's unfinished orders, oldest first."""
    return [order for order in view.orders if order.imsi == imsi]


def aimed_profile(view: AccountView, line: Line) -> OrderedProfile:
    """What is ordered, or what the last unfinished stop or resume is about to order."""
    unfinished = orders_of(view, line.subscriber.imsi)
    orders = [order for order in unfinished if order.kind in (OrderKind.STOP, OrderKind.RESUME)]
    return orders[-1].target if orders else line.subscription.ordered


def line_state(session: PdnSession, catalogue: Catalogue) -> LineState:
    """What an enforcement point holds of this session: nothing but the counters once it is released."""
    active = is_active(session)
    return LineState(
        imsi=session.imsi,
        msisdn=session.msisdn,
        session=session.id if active else None,
        policy=session.policy if active else None,
        generation=session.generation,
        version=session.policy_version,
        ue_ipv4=session.ue_ipv4 if active else None,
        ue_ipv6=session.ue_ipv6 if active else None,
        apn=session.apn if active else None,
        ambr=_ambr(session, catalogue) if active else None,
    )


def _ambr(session: PdnSession, catalogue: Catalogue) -> Ambr | None:
    """None where the profile is not in the catalogue any more: then a line has no policy of it to follow either."""
    profile = catalogue.profiles.get(session.profile)
    return profile.ambr if profile is not None else None


def session_detail(session: PdnSession) -> dict[str, str]:
    """A session on the timeline."""
    return {
        "profile": session.profile,
        "policy": session.policy,
        "version": str(session.policy_version),
        "generation": str(session.generation),
        "ipv4": str(session.ue_ipv4 or ""),
        "ipv6": str(session.ue_ipv6 or ""),
        "state": session.state.value,
    }
