"""The line changes while a connection is open: what was allowed a moment ago, and what is allowed again."""

from nfemu.attack.expectations import cut, enriched, first_then, forbidden, plain
from nfemu.attack.requests import SPOOF, to_other, to_trusted
from nfemu.attack.values import PLAIN, TUNNELS, Case, Expected, Family, Flip, Need, Observation, Send

_FLIP = frozenset((Need.FLIP,))
_FLIP_SEEN = _FLIP | {Need.RECORD}
_OTHER = "$other_host:$other_port"
_FIRST, _SECOND = "first-part", "second-part"
_UPLOAD = f"Content-Length: {len(_FIRST) + len(_SECOND)}\r\n"


def _only_before() -> Expected:
    """One request passed while the line was open; the second, sent when it was not, reached nobody."""

    def complaint(seen: Observation) -> str | None:
        if len(seen.strangers()) != 1:
            return f"{len(seen.strangers())} requests reached the other origin"
        return None if seen.closed and 200 not in seen.statuses[1:] else f"answered {seen.statuses}"

    return Expected("1 passes, the next is refused", complaint)


STATE = Family(
    "state",
    (
        Case(
            "a kept-alive connection is restricted",
            (Send(to_other()), Flip.RESTRICT, Send(to_other(SPOOF))),
            _only_before(),
            forms=PLAIN,
            needs=_FLIP,
        ),
        Case(
            "a head half sent before the restriction",
            (Send("GET $at_other/$mark HTTP/1.1\r\n", 0), Flip.RESTRICT, Send("Host: $other\r\n$who" + SPOOF + "\r\n")),
            forbidden(),
            forms=PLAIN,
            needs=_FLIP,
        ),
        Case(
            "an upload half sent before the restriction",
            (Send(to_other(_UPLOAD, _FIRST, method="POST"), 0, arrives=_FIRST), Flip.RESTRICT, Send(_SECOND)),
            cut(_FIRST.encode(), _SECOND.encode()),
            to=_OTHER,
            needs=_FLIP_SEEN,
        ),
        Case(
            "plain HTTP in a tunnel is restricted",
            (Send(to_other()), Flip.RESTRICT, Send(to_other(SPOOF))),
            _only_before(),
            forms=TUNNELS,
            to=_OTHER,
            needs=_FLIP,
        ),
        Case(
            "bytes in a tunnel are restricted",
            (Send("\0" + _FIRST, 0, arrives=_FIRST), Flip.RESTRICT, Send(_SECOND, 0)),
            cut(_FIRST.encode(), _SECOND.encode()),
            forms=TUNNELS,
            to=_OTHER,
            needs=_FLIP_SEEN,
        ),
        Case(
            "paid in the middle: the next request passes",
            (Flip.RESTRICT, Send(to_trusted()), Flip.RESTORE, Send(to_other(SPOOF))),
            first_then(1, plain()),
            forms=PLAIN,
            needs=_FLIP,
        ),
        Case(
            "a spoofed request after both changes",
            (Send(to_trusted(SPOOF)), Flip.RESTRICT, Send(to_trusted(SPOOF)), Flip.RESTORE, Send(to_trusted(SPOOF))),
            enriched(3),
            needs=_FLIP,
        ),
    ),
)
