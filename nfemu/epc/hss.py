"""The HSS's two answers: may this line have a session (G8), and what does its subscription record say now.

The record is versioned. Every copy outside (PGW, store, a future MME) carries the version that it was made from,
so that an older copy can never overwrite a newer one.
"""

from collections.abc import Iterable
from dataclasses import replace

from nfemu.epc.catalogue import Catalogue
from nfemu.model.errors import Conflict
from nfemu.model.orders import OrderKind, WorkOrder
from nfemu.model.subscriber import ApnProfile, Hold, OrderedProfile, Subscription


def permit(catalogue: Catalogue, subscription: Subscription) -> ApnProfile:
    """The APN profile that a new session of this line gets. Raises Conflict where it gets no IP address (G4, G8)."""
    profile = catalogue.granted(subscription)
    own = subscription.profile
    if subscription.ordered is OrderedProfile.OPEN and own is not None and own not in catalogue.profiles:
        raise Conflict(
            f"the HSS refuses a session: the line's profile `{own}` is not in apns.yaml any more; "
            "give it another one with `nfemu profile`"
        )
    if not profile.gives_ip:
        way_out = "restore the line" if subscription.hold is Hold.RESTRICT else "pay the arrears or restore the line"
        raise Conflict(f"the HSS refuses a session: profile `{profile.name}` gives no IP address; {way_out}")
    return profile


def executed(subscription: Subscription, orders: Iterable[WorkOrder]) -> Subscription:
    """The record once these orders are executed, one version later. Unchanged where it says all that already."""
    after = subscription
    for order in orders:
        if order.kind is OrderKind.PROFILE:
            after = replace(after, profile=order.profile)
        else:
            after = replace(after, ordered=order.target)
    return subscription if after == subscription else replace(after, version=subscription.version + 1)


def order_profile(subscription: Subscription, target: OrderedProfile) -> Subscription:
    """The record once `target` is ordered. Unchanged, version included, where it already is."""
    if subscription.ordered is target:
        return subscription
    return replace(subscription, ordered=target, version=subscription.version + 1)


def set_hold(subscription: Subscription, hold: Hold) -> Subscription:
    """The record under `hold`. Unchanged, version included, where it already is."""
    if subscription.hold is hold:
        return subscription
    return replace(subscription, hold=hold, version=subscription.version + 1)
