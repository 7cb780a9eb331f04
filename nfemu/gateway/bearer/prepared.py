"""Redirects made ahead: where nothing but the policy and the name decides, only the URL is filled in.

A name that no rule of a profile lists, on whatever port, is redirected wherever its connection leads and at any time of
day, until there are other rules. So the answer of `responses.redirect` is taken apart once per policy and name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from nfemu.carrier.ports import LineState
from nfemu.gateway.engine import responses
from nfemu.gateway.ports import GatewayRules
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import PolicyName
from nfemu.policy.connectivity import CONNECTIVITY_CHECKS
from nfemu.policy.names import normalise_host

_MOST = 4096
"""Names that are remembered, of all policies together; then it begins anew."""
_MARK = b"marked0here"
_UNSAFE = re.compile(rb"[^A-Za-z0-9_.~-]")
_QUOTED = {bytes((octet,)): b"%%%02X" % octet for octet in range(256)}
_CHECKED_HOSTS = frozenset(host for host, _ in CONNECTIVITY_CHECKS)


@dataclass(frozen=True, slots=True)
class PreparedRedirect:
    """An answer with gaps for the URL: `pieces`, the first up to the `Location`, the second up to the length of the
    body, which is `length` octets but for the URLs in it."""

    pieces: tuple[bytes, ...]
    length: int
    prefix: bytes
    """The URL's beginning, scheme and host, percent-encoded."""

    @classmethod
    def of(cls, landing: str, host: str) -> "PreparedRedirect":
        answer = responses.redirect(landing, host, _MARK)
        head, _, body = answer.partition(b"\r\n\r\n")
        before, _, after = head.partition(b"Content-Length: ")
        location, middle = before.split(_MARK)
        rest = after.partition(b"\r\n")[2] + b"\r\n\r\n" + body
        first, *others = rest.split(_MARK)
        pieces = (location, middle + b"Content-Length: ", b"\r\n" + first, *others)
        return cls(pieces, len(body) - len(_MARK) * len(others), quoted(f"http://{host}".encode()))

    def answer(self, target: bytes) -> bytes:
        """For the URL of `target` (`/path?query`) at that host."""
        url = self.prefix + quoted(target)
        location, middle, first, *others = self.pieces
        length = b"%d" % (self.length + len(url) * len(others))
        return b"".join((location, url, middle, length, url.join((first, *others))))


def quoted(text: bytes) -> bytes:
    """Percent-encoded as urllib.parse.quote does with nothing safe but unreserved characters (RFC 3986, 2.3)."""
    return _UNSAFE.sub(_quote, text)


def _quote(match: re.Match[bytes]) -> bytes:
    return _QUOTED[match[0]]


class PreparedRedirects:
    """`rules` gives those that are in force."""

    def __init__(self, rules: Callable[[], GatewayRules]) -> None:
        self._current = rules
        self._rules: GatewayRules | None = None
        self._known: dict[tuple[PolicyName, bytes], PreparedRedirect | None] = {}

    def answer(self, state: LineState, host: bytes, target: bytes) -> bytes | None:
        """The answer to a GET on port 80; None where it takes the judge to give one."""
        if state.policy is None or len(target) + len(host) > responses.MAX_ORIGINAL_URL - len("http://"):
            return None
        rules = self._current()
        if rules is not self._rules or len(self._known) >= _MOST:
            self._rules = rules
            self._known.clear()
        key = (state.policy, host)
        try:
            prepared = self._known[key]
        except KeyError:
            prepared = self._known[key] = _prepare(rules, *key)
        return None if prepared is None else prepared.answer(target)


def _prepare(rules: GatewayRules, policy: PolicyName, host: bytes) -> PreparedRedirect | None:
    try:
        name = normalise_host(host.decode())
        profile = rules.policies.profile(policy)
    except (InvalidInput, NotFound):
        return None
    if not isinstance(name, str) or name in _CHECKED_HOSTS or profile.redirect_to is None:
        return None
    if next(iter(profile.hosts.candidates(name)), None) is not None:
        return None
    return PreparedRedirect.of(profile.redirect_to, name)
