"""Where a subscriber's traffic ends up over proxy access: the policy's verdict, then the gateway's own guards.

The same order as in a worker. A literal is looked at before the policy is asked (engine/judge.py), what is allowed is
resolved and guarded once more (engine/dial.py), and inside a tunnel only TLS and HTTP go where a raw byte could be
more than the policy knows (engine/tunnel.py). A name that is not allowed is not resolved here either.
"""

from nfemu.gateway.addresses import NAMES_ONLY, NO_PUBLIC_ADDRESS, is_foreign, refused_literal
from nfemu.gateway.link.host import NameService
from nfemu.gateway.ports import DialTarget, Direct, Emulated, Upstream
from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.policy import Decision, Verdict
from nfemu.policy.reach import Guard, Reach
from nfemu.policy.rules import CompiledProfile

_PRIVATE = "gateway/private-address"
_NO_ANSWER = "gateway/no-answer"


async def reach(names: NameService, profile: CompiledProfile, destination: Destination, decision: Decision) -> Reach:
    """What the gateway does with `destination`, which `decide` answered with `decision` under `profile`."""
    guard = _before_the_policy(profile, destination)
    if guard is None and decision.verdict is Verdict.ALLOW:
        guard = _not_carried(profile, destination)
    if guard is not None:
        return Reach(guard=guard)
    if decision.verdict is not Verdict.ALLOW or destination.scheme is Scheme.DNS:
        return Reach()
    found = await _resolved(names, destination)
    if destination.scheme is Scheme.RAW and (name := await _trusted_there(names, profile, destination, found)):
        return Reach(guard=Guard("gateway/no-raw", f"`{name}` is there, which is trusted: only HTTP and TLS pass"))
    return found


def _before_the_policy(profile: CompiledProfile, destination: Destination) -> Guard | None:
    address = destination.address
    if address is None or destination.scheme is Scheme.DNS:
        return None
    if (reason := refused_literal(address)) is not None:
        return Guard(_PRIVATE, reason)
    if profile.restricted and destination.scheme is not Scheme.HTTP:
        return Guard("gateway/names-only", NAMES_ONLY)
    return None


def _not_carried(profile: CompiledProfile, destination: Destination) -> Guard | None:
    """What no proxy carries, or not without knowing what it is."""
    if destination.scheme is not Scheme.RAW:
        return None
    if destination.transport is not Transport.TCP:
        return Guard("gateway/tcp-only", "proxy access carries TCP only")
    if profile.restricted:
        return Guard("gateway/no-raw", "a restricted line sends HTTP or TLS only, nothing raw")
    rule = profile.match(destination)
    if rule is not None and rule.group.trusted:
        reason = f"group `{rule.group.name}` is trusted: a raw byte could be a forged identity, only HTTP and TLS pass"
        return Guard("gateway/no-raw", reason)
    return None


async def _trusted_there(
    names: NameService, profile: CompiledProfile, destination: Destination, found: Reach
) -> str | None:
    """The trusted name that has one of the addresses, or of which nobody can tell now."""
    for name in profile.names_trusted_on(destination.port):
        trusted = await _resolved(names, Destination(name, None, destination.port))
        unknown = trusted.guard is not None and trusted.guard.rule == _NO_ANSWER
        if unknown or not set(found.addresses).isdisjoint(trusted.addresses):
            return name
    return None


async def _resolved(names: NameService, destination: Destination) -> Reach:
    host = destination.host if destination.host is not None else str(destination.address)
    try:
        route = (await names.answer(host)).route
    except NotFound as error:
        return Reach(guard=Guard("gateway/no-such-name", f"{error}: answered with 502"))
    except Unavailable as error:
        return Reach(guard=Guard(_NO_ANSWER, f"{error}: answered with 503"))
    target = route.http if destination.scheme is Scheme.HTTP else route.other
    if isinstance(target, Direct) and not any(map(is_foreign, route.addresses)):
        return Reach(route.addresses, guard=Guard(_PRIVATE, NO_PUBLIC_ADDRESS))
    return Reach(route.addresses, _in_words(target, destination.port))


def _in_words(target: DialTarget, port: int) -> str:
    match target:
        case Emulated():
            return "the emulated Internet"
        case Direct():
            return f"the Internet, port {port}"
        case Upstream(host, own_port):
            return f"{host}:{own_port}, a configured upstream: exempt from the private-address guard"
