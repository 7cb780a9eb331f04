"""The HSS's two answers: may this line have a session (G8), and what does its subscription record say now.

The record is versioned. Every copy outside (PGW, store, a future MME) carries the version that it was made from,
so that an older copy can never overwrite a newer one.
"""

from dataclasses import replace

from nfemu.epc.catalogue import Catalogue
from nfemu.model.errors import Conflict
from nfemu.model.subscriber import ApnProfile, Hold, OrderedProfile, Subscription


def permit(catalogue: Catalogue, subscription: Subscription) -> ApnProfile:
    """The APN profile that a new session of this line gets. Raises Conflict where it gets no IP address (G4, G8)."""
    profile = catalogue.meaning(subscription.ordered)
    if not profile.gives_ip:
        way_out = "restore the line" if subscription.hold is Hold.RESTRICT else "pay the arrears or restore the line"
        raise Conflict(f"the HSS refuses a session: profile `{profile.name}` gives no IP address; {way_out}")
    return profile


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
