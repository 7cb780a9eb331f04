"""Header fields that every page of the carrier has, whoever answers: gateway, portal, provider, API."""

from collections.abc import Mapping

PROTECTION: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Pages open the content policy as far as they need. No Strict-Transport-Security ever: the landing page needs plain
HTTP, the only place where the gateway can say who the subscriber is."""
