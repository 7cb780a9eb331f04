"""How many descriptors this process may have, and when only those are left that are kept for what matters most.

A connection is one, two where it is passed on, and phones open as many as they like. What accepts from phones gives up
those that come when few are left, so that the API, the workers' links and files never go without.
"""

import resource

from nfemu.runtime.crowd import Bounds

_MOST = 1 << 16
"""On bearers there are thousands; many machines give a process 1,024 unless it asks."""
_RESERVE = 1_024


def ask_for_descriptors() -> None:
    """As many as this process may have, for itself and for those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, _MOST), most))


def affordable(bounds: Bounds) -> Bounds:
    """Those, or less where this process may have few descriptors: all that it has is not one crowd's."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Bounds(min(bounds.per_line, limit // 16), min(bounds.in_all, limit // 4))


def few_are_left(opened: int) -> bool:
    """Whether a descriptor that has just been opened is one of the last. The kernel gives the lowest that is free."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return opened >= limit - min(_RESERVE, limit // 4)
