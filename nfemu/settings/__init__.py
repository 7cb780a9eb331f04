"""Typed loading and validation of `config/*.yaml`: `load` gives a `Configuration` or one error with every finding."""

from nfemu.files.findings import ConfigurationError, Finding
from nfemu.settings.configuration import (
    Access,
    Api,
    Carrier,
    ClockKind,
    Configuration,
    Dunning,
    EmulatedInternet,
    Enrichment,
    InternetMode,
    Policies,
    Portal,
    PortalPayments,
    PortalUpstream,
    ProxyAccess,
    Site,
    UeAddress,
    UpstreamTarget,
)
from nfemu.settings.loader import load
from nfemu.settings.overlay import carriers
from nfemu.settings.people import AttachAtStart, OpeningAccount, People

__all__ = [
    "Access",
    "Api",
    "AttachAtStart",
    "Carrier",
    "ClockKind",
    "Configuration",
    "ConfigurationError",
    "Dunning",
    "EmulatedInternet",
    "Enrichment",
    "Finding",
    "InternetMode",
    "OpeningAccount",
    "People",
    "Policies",
    "Portal",
    "PortalPayments",
    "PortalUpstream",
    "ProxyAccess",
    "Site",
    "UeAddress",
    "UpstreamTarget",
    "carriers",
    "load",
]
