"""`apns.yaml`."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, StrictBool

from nfemu.files.sections import Section
from nfemu.settings.schema.values import BitRate, Duration, Name, Number


class PoolSection(Section):
    """An address pool; it has IPv4, IPv6 or both, and overlaps no other one."""

    ipv4: str | None = Field(
        default=None, examples=["10.45.0.0/16"], description="Network, /8 to /30; a phone gets one address of it."
    )
    ipv6: str | None = Field(
        default=None, examples=['"2001:db8:4500::/40"'], description="Network, /16 to /63; a phone gets a /64 of it."
    )
    hold: Duration = Field(
        default=timedelta(minutes=10), description="How long a released address goes to nobody else."
    )


class AmbrSection(Section):
    """Aggregate maximum bit rate (TS 23.401 clause 4.7.3)."""

    uplink: BitRate = Field(examples=["50M"], description="From the phone.")
    downlink: BitRate = Field(examples=["150M"], description="To the phone.")


class ProfileSection(Section):
    """An APN profile: what the HSS orders and the PGW applies."""

    apn: str = Field(examples=["internet"], description="Access point name.")
    pdn_type: Literal["IPv4", "IPv6", "IPv4v6"] = Field(default="IPv4v6", description="Which addresses a session has.")
    pool: Name | None = Field(default=None, description="Where they come from; needed where it gives any.")
    dns: list[str] = Field(default=[], description="Addresses of the DNS servers that phones are told.")
    ambr: AmbrSection | None = Field(default=None, description="Needed where it gives an address.")
    qci: Number = Field(default=9, ge=1, le=9, examples=["9"], description="QoS class (TS 23.203 table 6.1.7).")
    arp: Number = Field(default=8, ge=1, le=15, examples=["8"], description="Allocation and retention priority level.")
    policy: Name | None = Field(
        default=None,
        description="Profile of `policies.yaml` that its lines come under; needed where it gives an address.",
    )
    gives_ip: StrictBool = Field(default=True, description="`false`: the HSS refuses the session (G4, G8).")
    change: Literal["in_place", "reactivate"] = Field(
        default="in_place",
        description="Entering it keeps address and flows, or gives a new address and ends all flows.",
    )


class OrderedSection(Section):
    """What an executed stop or resume order means in the HSS: names of profiles above."""

    open: Name = Field(examples=["internet"], description="Nothing restricts the line; it must give an address.")
    arrears: Name = Field(examples=["green"], description="The green channel.")
    barred: Name = Field(examples=["barred"], description="The old way, without an address.")


class ApnsFile(Section):
    """Address pools and the APN profile catalogue."""

    pools: dict[Name, PoolSection] = Field(min_length=1, examples=["{internet: {ipv4: 10.45.0.0/16}}"])
    profiles: dict[Name, ProfileSection] = Field(min_length=1, examples=["{internet: {apn: internet, …}}"])
    ordered: OrderedSection = Field(examples=["{open: internet, arrears: green, barred: barred}"])
