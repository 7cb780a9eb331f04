"""Where sinkhole addresses are from: what a restricted line is told instead of where a name leads."""

from ipaddress import IPv4Network, IPv6Network

from nfemu.model.destination import IpAddress

IPV4_SINKHOLES = IPv4Network("100.100.0.0/16")
"""Of the shared address space between carrier and subscriber (RFC 6598)."""
IPV6_SINKHOLES = IPv6Network("fd53:696e:6b00::/64")
"""Unique local (RFC 4193)."""


def is_sinkhole(address: IpAddress) -> bool:
    return address in (IPV4_SINKHOLES if address.version == 4 else IPV6_SINKHOLES)
