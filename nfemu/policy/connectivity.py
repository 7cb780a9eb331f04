"""How operating systems find out that they are behind a portal: each asks a fixed page for a fixed answer.

A redirect makes Android, Apple's systems, Windows and Firefox alike open their sign-in page. So a check that may not go
on is redirected past a daily cap too (G2, G7), where anything else is told of the cap: what opens is the page that says
more, and still takes payment.
"""

from nfemu.model.destination import Destination
from nfemu.model.policy import Decision, Verdict

CONNECTIVITY_CHECKS = frozenset(
    (
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("connectivitycheck.android.com", "/generate_204"),
        ("clients3.google.com", "/generate_204"),
        ("www.google.com", "/gen_204"),
        ("www.google.com", "/generate_204"),
        ("play.googleapis.com", "/generate_204"),
        ("captive.apple.com", "/"),
        ("captive.apple.com", "/hotspot-detect.html"),
        ("www.apple.com", "/library/test/success.html"),
        ("www.msftconnecttest.com", "/connecttest.txt"),
        ("www.msftconnecttest.com", "/redirect"),
        ("ipv6.msftconnecttest.com", "/connecttest.txt"),
        ("www.msftncsi.com", "/ncsi.txt"),
        ("detectportal.firefox.com", "/canonical.html"),
        ("detectportal.firefox.com", "/success.txt"),
    )
)
"""Host and path."""


def is_check(host: str | None, path: str) -> bool:
    """Whether that path of a host, with or without a query, is an operating system's connectivity check."""
    return (host, path.partition("?")[0]) in CONNECTIVITY_CHECKS


def shows_page(destination: Destination, decision: Decision) -> bool:
    """Whether the destination, decided so, is a check that is redirected to the landing page, cap or no cap."""
    return decision.verdict is Verdict.REDIRECT and is_check(destination.host, destination.path)
