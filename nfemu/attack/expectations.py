"""What is right: each expectation looks at one observation and says what is wrong with it.

Nothing is expected about how a proxy words its answers, only who was reached, what was said there, and the status.
"""

from collections.abc import Sequence
from dataclasses import replace

from nfemu.attack.reading import SeenRequest
from nfemu.attack.values import Expected, Line, Observation

_IN_WAY_OF = (302, 303, 307, 511)
"""What a captive network answers to a request that it does not let through."""

_BAD_REQUEST = (400, 405, 411, 413, 414, 421, 422, 431, 501, 505)
"""The request itself is at fault: as strict servers say it in one way or another."""


def enriched(count: int = 1) -> Expected:
    """So many requests at the trusted origin, each with one identity header, and it is the line's own."""
    what = "1 request" if count == 1 else f"{count} requests"

    def complaint(seen: Observation) -> str | None:
        requests = seen.requests()
        if len(requests) != count or seen.statuses.count(200) < count:
            return f"{_reached(requests)} at the trusted origin, {_said(seen)}"
        return next((wrong for request in requests if (wrong := _wrongly_told(seen, request))), None)

    return Expected(f"{what}: copies removed, one true value", complaint)


def each_enriched() -> Expected:
    """At least one request at the trusted origin, and whatever arrives there is enriched as any request is."""

    def complaint(seen: Observation) -> str | None:
        requests = seen.requests()
        if not requests:
            return f"{_reached(requests)} at the trusted origin, {_said(seen)}"
        return next((wrong for request in requests if (wrong := _wrongly_told(seen, request))), None)

    return Expected("every request that arrives: copies removed, one true value", complaint)


def refused(*statuses: int) -> Expected:
    """Nobody is reached; the last answer has one of the statuses (400 and its like), and the connection ends."""
    wanted = statuses or _BAD_REQUEST

    def complaint(seen: Observation) -> str | None:
        if seen.trusted or seen.elsewhere:
            return _arrivals(seen)
        if seen.tunnel in wanted or (seen.tunnel == 200 and seen.closed and not seen.answers):
            return None  # what is no HTTP in a tunnel gets no HTTP answer
        if not seen.statuses or seen.statuses[-1] not in wanted:
            return _said(seen)
        return None if seen.closed else "refused, but the connection goes on"

    said = " or ".join(map(str, statuses)) or "400 or its like"
    return Expected(f"{said} and close", complaint)


def nothing() -> Expected:
    """Nobody is reached, whatever the client is told."""
    return Expected("nobody reached", lambda seen: _arrivals(seen) if seen.trusted or seen.elsewhere else None)


def forbidden() -> Expected:
    """Nobody is reached: a redirect or 511 for a request, a refusal for a tunnel."""

    def complaint(seen: Observation) -> str | None:
        if seen.trusted or seen.elsewhere:
            return _arrivals(seen)
        refusal = seen.tunnel_refused or (seen.statuses and seen.statuses[-1] in _IN_WAY_OF)
        return None if refusal else _said(seen)

    return Expected("302, 511 or tunnel refused", complaint)


def plain(count: int = 1) -> Expected:
    """So many requests at the other origin, without any number."""

    def complaint(seen: Observation) -> str | None:
        requests = seen.strangers()
        if seen.trusted or len(requests) != count:
            return f"{_reached(requests)} at the other origin, {_said(seen)}{_and_trusted(seen)}"
        told = any(request.values(seen.identity.header) for request in requests)
        return "a number went along" if told else None

    return Expected("passes, no number", complaint)


def not_told() -> Expected:
    """Wherever it goes, if it goes: without a number, and not on a restricted line."""

    def complaint(seen: Observation) -> str | None:
        if seen.line is Line.RESTRICTED and (seen.trusted or seen.elsewhere):
            return _arrivals(seen)
        requests = [*seen.requests(), *seen.strangers()]
        told = any(request.values(seen.identity.header) for request in requests)
        return "a number went along" if told else None

    return Expected("never enriched", complaint)


def first_then(first: int, then: Expected) -> Expected:
    """So many requests enriched at the trusted origin; what comes behind them must fare as `then` says."""

    def complaint(seen: Observation) -> str | None:
        requests = seen.requests()
        if len(requests) != first:
            return f"{_reached(requests)} at the trusted origin, {_said(seen)}"
        wrong = next((wrong for request in requests if (wrong := _wrongly_told(seen, request))), None)
        return wrong or then.complaint(_without_trusted(seen))

    return Expected(f"{first} enriched, then {then.text}", complaint)


def spliced(hello: str) -> Expected:
    """The client's TLS bytes reach the trusted origin as they are."""
    wanted = hello.encode("latin-1")

    def complaint(seen: Observation) -> str | None:
        return None if seen.trusted == (wanted,) else f"{_arrivals(seen)}, {_said(seen)}"

    return Expected("spliced untouched", complaint)


def broken_off() -> Expected:
    """A body that goes wrong half way: the request is never complete at the origin, the client gets no success."""

    def complaint(seen: Observation) -> str | None:
        requests = seen.requests()
        if seen.elsewhere or len(requests) > 1 or any(request.complete for request in requests):
            return f"{_reached(requests)} at the trusted origin, {_said(seen)}"
        return _said(seen) if 200 in seen.statuses else None

    return Expected("broken off, never complete", complaint)


def cut(first: bytes, second: bytes) -> Expected:
    """What was sent before the line changed arrived, what came after it never does."""

    def complaint(seen: Observation) -> str | None:
        raw = b"".join((*seen.trusted, *seen.elsewhere))
        if first not in raw:
            return f"the first part did not arrive: {_said(seen)}"
        return "bytes of after the change arrived" if second in raw else None

    return Expected("cut, nothing more arrives", complaint)


def untouched(seen: Observation) -> bool:
    """On an open line, what the phone itself says went to somebody who is not trusted as it was said; and nobody was
    told anything that is not the phone's own word."""
    own = replace(seen, elsewhere=())
    told = [value for request in seen.strangers() for value in request.values(seen.identity.header)]
    return (
        seen.line is Line.OPEN
        and bool(seen.elsewhere)
        and harm(own) is None
        and seen.identity.value.encode() not in told
    )


def harm(seen: Observation) -> str | None:
    """The same for every case: what must never happen, whatever else was expected."""
    forged, value = seen.identity.forged.encode(), seen.identity.value.encode()
    if any(_said_by_head(request, forged) for request in (*seen.requests(), *seen.strangers())):
        return "a forged number reached an origin"
    if any(request.values(seen.identity.header) for request in seen.strangers()):
        return "somebody else was told a number"
    if any(value not in told for request in seen.requests() for told in request.values(seen.identity.header)):
        return "another number was told than the line's"
    if seen.line is Line.RESTRICTED and seen.elsewhere:
        return "bytes left a restricted line"
    if any(name.lower().startswith(b"proxy-") for request in seen.strangers() for name, _ in request.fields):
        return "the proxy's own headers reached somebody else"
    return None


def _wrongly_told(seen: Observation, request: SeenRequest) -> str | None:
    values = request.values(seen.identity.header)
    if request.says(seen.identity.forged.encode()):
        return "a forged number reached the trusted origin"
    if values != [seen.identity.value.encode()]:
        return f"the trusted origin was told {len(values)} numbers" if values else "forwarded without a number"
    return None if request.complete and not request.ambiguous else "forwarded with more than one reading"


def _said_by_head(request: SeenRequest, forged: bytes) -> bool:
    """In fields or trailers; or in a body that another server may take for a request of its own."""
    return request.says(forged) or (request.ambiguous and forged in request.body)


def _without_trusted(seen: Observation) -> Observation:
    return Observation(
        seen.identity, seen.line, seen.answers, seen.received, seen.closed, (), seen.elsewhere, seen.tunnel
    )


def _reached(requests: Sequence[SeenRequest]) -> str:
    return f"{len(requests)} request{'' if len(requests) == 1 else 's'}"


def _and_trusted(seen: Observation) -> str:
    return f", {_reached(seen.requests())} at the trusted one" if seen.trusted else ""


def _arrivals(seen: Observation) -> str:
    trusted, others = sum(map(len, seen.trusted)), sum(map(len, seen.elsewhere))
    return f"{trusted} octets reached the trusted origin, {others} somebody else"


def _said(seen: Observation) -> str:
    if seen.tunnel_refused:
        return f"tunnel refused ({seen.tunnel})" if seen.tunnel else "tunnel refused"
    if seen.statuses:
        return f"answered {', '.join(map(str, seen.statuses))}"
    return "closed without an answer" if seen.closed else "no answer"
