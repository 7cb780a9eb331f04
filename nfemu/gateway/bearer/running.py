"""What serves bearers in this process, and is told of every change together."""

from collections.abc import Sequence
from dataclasses import dataclass

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.advertising import Advertiser
from nfemu.gateway.bearer.dns import DnsService
from nfemu.gateway.bearer.gate.gate import Gate
from nfemu.gateway.bearer.internet.real import RealInternet
from nfemu.gateway.bearer.internet.relay import Relay
from nfemu.gateway.bearer.metering import Metering
from nfemu.gateway.bearer.responder import Responder
from nfemu.gateway.bearer.view import ControlView


@dataclass(frozen=True, slots=True)
class Running:
    """`real` None: the Internet is the emulated one."""

    view: ControlView
    responder: Responder
    gate: Gate
    dns: DnsService
    metering: Metering
    advertiser: Advertiser
    real: RealInternet | None

    async def start(self) -> None:
        self.responder.start()
        self.gate.start()
        self.advertiser.start()
        self.metering.start()
        await self.dns.start()

    async def stop(self) -> None:
        self.advertiser.stop()
        await self.dns.stop()
        await self.metering.stop()
        await self.gate.stop()
        if self.real is not None:
            await self.real.stop()
        self.responder.stop()

    async def line_changed(self, state: LineState) -> None:
        """Return when nothing goes on that the line's new state forbids."""
        await self.dns.apply(state)
        self.responder.line_changed(state)
        await self.gate.line_changed(state)
        if self.relay is not None:
            await self.relay.line_changed(state.imsi)

    async def rules_changed(self, states: Sequence[LineState]) -> None:
        """The same for every line; `states` are those that have changed with the rules."""
        for state in states:
            await self.dns.apply(state)
            self.responder.line_changed(state)
        await self.gate.rules_changed()
        if self.relay is not None:
            await self.relay.rules_changed()

    @property
    def relay(self) -> Relay | None:
        return self.real.relay if self.real is not None else None
