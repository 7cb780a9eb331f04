"""Rows of the catalogue that a proxy's client cannot play, each with the reason; so that no list leaves them out."""

from nfemu.attack.expectations import nothing
from nfemu.attack.values import Case, Family

_BEARER = "proxy access carries TCP only and resolves names itself: a matter of IP bearers"
_PORTAL = "a matter of the portal and the payment provider, not of the proxy"
_CARRIER = "a matter of the carrier's processes, not of a client"


def _left_out(name: str, why: str) -> Case:
    return Case(name, (), nothing(), left_out=why)


BEYOND = Family(
    "beyond",
    (
        _left_out("allowed SNI to an address not bound for this subscriber", _BEARER),
        _left_out("UDP/443", _BEARER),
        _left_out("DNS: a foreign resolver, DoT, DoH", _BEARER),
        _left_out("DNS: tunnels in TXT or NULL, high-entropy labels", _BEARER),
        _left_out("DNS: an allowed name that resolves to a private address", _BEARER),
        _left_out("a source address that is spoofed", _BEARER),
        _left_out("an address that is reassigned", _CARRIER),
        _left_out("the control plane is gone", _CARRIER),
        _left_out("a payment callback forged, replayed, reordered", _PORTAL),
        _left_out("the return URL as open redirect or XSS", _PORTAL),
    ),
)
