"""Where a connection is led that came to the gate: to the name that it asks for, or on to where it was sent.

A name is meant where our DNS has given the line the address for it, where the name has the address by our own resolver
(a phone may know it from before), or at a sinkhole, which is no site's. Then the name is judged alone, and dialled as
our resolver knows it. A restricted line gets no further than that. An open one that means another name, or none, at an
address that others share goes on to that address, unless a configured server answers TLS there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nfemu.gateway.bearer.gate.connection import Place
from nfemu.gateway.bearer.gate.greeting import Greeting
from nfemu.gateway.bearer.spliced import Refused
from nfemu.gateway.engine.judge import Judge, Line, Target
from nfemu.model.destination import IpAddress
from nfemu.model.sinkhole import is_sinkhole
from nfemu.policy.dns import is_listed

ServerAt = Callable[[IpAddress], str | None]
"""The name with that address whose TLS a configured server answers."""


@dataclass(frozen=True, slots=True)
class Lead:
    """`target`: what the policy is asked about. `host`: what is dialled, a name or an address. `named`: it is led to
    the name that it has shown, so what becomes of it can be told by that name for as long as it lasts.
    """

    target: Target
    host: str
    named: bool


class Leading:
    """`judge` is to be given the lines' bindings."""

    def __init__(self, judge: Judge, server_at: ServerAt) -> None:
        self._judge = judge
        self._server_at = server_at

    def unknown_name(self, line: Line, greeting: Greeting, place: Place) -> str | None:
        """The name whose addresses `lead` must know. Others are not looked up: a restricted line's name that its policy
        does not list, since that would be a question passed on; and a stranger's, which goes on as it was sent.
        """
        name, (address, port) = greeting.name, place
        if name is None or is_sinkhole(address) or self._judge.was_given(line, name, address):
            return None
        if line.restricted:
            return name if self._judge.is_listed(line, Target(name, None, port)) else None
        return name if is_listed(line.rules.policies, name) or self._server_at(address) is not None else None

    def lead(self, line: Line, greeting: Greeting, place: Place, addresses: Sequence[IpAddress]) -> Lead:
        """`addresses`: those of `unknown_name`. Raises Refused where there is no name to be judged, and must be one."""
        name, (address, port) = greeting.name, place
        if name is None:
            if line.restricted or is_sinkhole(address):
                raise Refused
        elif self._is_meant(line, name, address, addresses):
            return Lead(Target(name, None, port), name, named=True)
        elif line.restricted:
            return Lead(Target(name, address, port), name, named=True)
        server = self._server_at(address) if greeting.is_tls else None
        return Lead(Target(None, address, port), server or str(address), named=False)

    def _is_meant(self, line: Line, name: str, address: IpAddress, addresses: Sequence[IpAddress]) -> bool:
        return is_sinkhole(address) or address in addresses or self._judge.was_given(line, name, address)
