"""The DNS of bearers alone, on a loopback port that it prints: one open line at 127.0.0.1."""

import asyncio
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

import uvloop

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.dns import DnsService, DnsSockets
from nfemu.gateway.link.host import Answer
from nfemu.gateway.ports import Emulated, GatewayRules, Route
from nfemu.gateway.rules import RuleSource
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound
from nfemu.model.identity import GroupName, Imsi, Msisdn, PolicyName, SessionId
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.sinkholes import Sinkholes

_PHONE = IPv4Address("127.0.0.1")
_LINE = LineState(
    Imsi("460000000000001"), Msisdn("8613800138000"), SessionId("ses-1"), PolicyName("open"), 1, 1, _PHONE, None
)
_PORTAL = DestinationGroup(GroupName("portal"), ("portal.carrier.example",), trusted=True)
_RULES = RuleSource((_PORTAL,), (PolicyProfile(PolicyName("open"), Verdict.ALLOW, (_PORTAL.name,)),)).compile()


@dataclass(frozen=True, slots=True)
class _Carrier:
    """Implements Lines, NameService and Binder with what is known beforehand: every name below `test` resolves."""

    def line_at(self, address: IpAddress) -> LineState | None:
        return _LINE if address == _PHONE else None

    def rules(self) -> GatewayRules:
        return _RULES

    def fresh(self) -> bool:
        return True

    async def answer(self, host: str) -> Answer:
        if not host.endswith(".test"):
            raise NotFound(f"`{host}` is no name of this bench")
        return Answer(Route((IPv4Address("198.18.0.16"), IPv6Address("2001:2::10")), Emulated(), Emulated()), 3600.0)

    async def bind(self, line: LineState, name: str, addresses: Sequence[IpAddress], until: datetime) -> None:
        """Nothing here enforces anything."""


async def _serve() -> None:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    carrier = _Carrier()
    await DnsService(DnsSockets([udp], []), carrier, carrier, carrier, Sinkholes()).start()
    sys.stdout.write(f"{udp.getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
