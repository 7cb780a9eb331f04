"""`load`: all files of a configuration folder, checked alone and then together, or one error with every finding."""

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from nfemu.epc.catalogue import Catalogue
from nfemu.files.findings import ConfigurationError, Finding, nearest
from nfemu.files.source import Source, read_yaml
from nfemu.files.validation import validate
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.settings.apns_part import apns_part
from nfemu.settings.carrier_part import carrier_part
from nfemu.settings.configuration import Configuration, Policies, PortalPayments
from nfemu.settings.landing_part import landing_part
from nfemu.settings.overlay import lay_over
from nfemu.settings.people import Terms
from nfemu.settings.people_part import people_part
from nfemu.settings.plans_part import plans_part
from nfemu.settings.policies_part import policies_part
from nfemu.settings.portal_check import check_portal
from nfemu.settings.register import Register
from nfemu.settings.schema import (
    ApnsFile,
    CarrierFile,
    DunningFile,
    EnrichmentFile,
    InternetFile,
    LandingFile,
    PlansFile,
    PoliciesFile,
    SimulationFile,
    SubscribersFile,
)
from nfemu.settings.simulation_part import simulation_part
from nfemu.settings.small_parts import dunning_part, enrichment_part, internet_part

File = TypeVar("File", bound=BaseModel)
Part = TypeVar("Part")

NEEDED = ("carrier", "apns", "policies", "subscribers")
OPTIONAL = ("enrichment", "dunning", "internet", "landing", "plans", "simulation")
"""Files that may be left out; everything in them then has its default."""

_NO_OVERRIDES: Mapping[str, object] = {}
_FALLBACK_CURRENCY, _FALLBACK_COUNTRY = "CNY", "86"
"""Used while the carrier's own are unknown, so that mistakes in amounts and numbers are found too."""


def load(
    config_dir: Path, overrides: Mapping[str, object] = _NO_OVERRIDES, carrier: str | None = None
) -> Configuration:
    """Read and check the configuration folder, with the overlay of `carrier` over it.

    `overrides` replaces single values: the key is file and place (`carrier.clock`, `carrier.proxy.workers`), the
    value as YAML would have it. Raises ConfigurationError with every finding of every file.
    """
    findings: list[Finding] = []
    sources = _read(config_dir, findings)
    if carrier is not None:
        findings += lay_over(config_dir, carrier, sources)
    _override(sources, overrides, findings)
    configuration = _build(config_dir, sources, carrier)
    for source in sources.values():
        findings += source.findings
    if findings or configuration is None:
        raise ConfigurationError(findings)
    return configuration


def _read(config_dir: Path, findings: list[Finding]) -> dict[str, Source]:
    if not config_dir.is_dir():
        text = "is not a folder; name the folder that holds carrier.yaml, for example `--config config`"
        raise ConfigurationError([Finding(str(config_dir), 0, text)])
    sources = {}
    for name in (*NEEDED, *OPTIONAL):
        path = config_dir / f"{name}.yaml"
        if path.exists() or name in NEEDED:
            sources[name] = read_yaml(path, str(path))
        else:
            sources[name] = Source(str(path))
    known = [f"{name}.yaml" for name in sources]
    for path in sorted([*config_dir.glob("*.yaml"), *config_dir.glob("*.yml")]):
        if path.name not in known:
            text = f"is not a file of the configuration and would be ignored; {nearest(path.name, known)} "
            text += "Otherwise move it into a folder of its own"
            findings.append(Finding(str(path), 0, text))
    return sources


def _override(sources: Mapping[str, Source], overrides: Mapping[str, object], findings: list[Finding]) -> None:
    for key, value in overrides.items():
        file, *path = key.split(".")
        if file not in sources or not path:
            findings.append(Finding(f"override `{key}`", 0, f"names no file; {nearest(file, sources)}"))
        else:
            sources[file].override(tuple(path), value, f"override `{key}`")


def _build(directory: Path, sources: Mapping[str, Source], overlay: str | None) -> Configuration | None:
    """Every part, in the order in which they depend on one another; None where one cannot be made."""
    source = sources["carrier"]
    carrier_file = validate(CarrierFile, source)
    carrier = carrier_part(carrier_file, source) if carrier_file is not None else None
    currency = carrier.currency if carrier is not None and not source.findings else _FALLBACK_CURRENCY
    zone: tzinfo = carrier.timezone if carrier is not None else UTC
    catalogue = _part(ApnsFile, sources["apns"], apns_part)
    payments = carrier.portal.payments if carrier is not None else PortalPayments.BUILTIN
    policies = _part(PoliciesFile, sources["policies"], partial(policies_part, payments=payments))
    enrichment = _part(EnrichmentFile, sources["enrichment"], enrichment_part)
    internet = _part(InternetFile, sources["internet"], internet_part)
    dunning_file = validate(DunningFile, sources["dunning"])
    people_file = validate(SubscribersFile, sources["subscribers"])
    dunning = dunning_part(dunning_file, sources["dunning"], currency, zone) if dunning_file is not None else None
    plans_file = validate(PlansFile, sources["plans"])
    prices = plans_part(plans_file, sources["plans"], currency) if plans_file is not None else None
    people = None
    if people_file is not None:
        terms = Terms(
            carrier.country_code if carrier is not None else _FALLBACK_COUNTRY,
            currency,
            dunning.credit_limit if dunning is not None else Money(0, currency),
            prices,
        )
        csv_folder = Path(sources["subscribers"].place(("csv",))[0]).parent
        people, numbers = people_part(people_file, sources["subscribers"], terms, catalogue, csv_folder)
        _check_listeners(carrier_file, numbers, source)
    simulation_file = validate(SimulationFile, sources["simulation"])
    simulation = (
        simulation_part(simulation_file, sources["simulation"], currency) if simulation_file is not None else None
    )
    _check_policy_names(catalogue, policies, sources["apns"])
    landing_file = validate(LandingFile, sources["landing"])
    portal_host = carrier.portal.host if carrier is not None else ""
    landing = (
        landing_part(landing_file, sources["landing"], policies, portal_host) if landing_file is not None else None
    )
    if carrier is not None and policies is not None and catalogue is not None:
        check_portal(carrier.portal, policies, catalogue, source, sources["policies"])
    if (
        carrier is None
        or catalogue is None
        or policies is None
        or enrichment is None
        or people is None
        or dunning is None
        or internet is None
        or landing is None
        or prices is None
        or simulation is None
    ):
        return None
    return Configuration(
        directory,
        carrier,
        catalogue,
        policies,
        enrichment,
        people,
        dunning,
        internet,
        landing,
        prices,
        simulation,
        overlay,
    )


def _part(schema: type[File], source: Source, convert: Callable[[File, Source], Part]) -> Part | None:
    file = validate(schema, source)
    return convert(file, source) if file is not None else None


def _check_listeners(file: CarrierFile | None, numbers: Register, source: Source) -> None:
    """A listener of its own makes sense for a subscriber only."""
    if file is None:
        return
    for text in file.proxy.subscriber_listeners:
        number = _number(text, file.country_code)
        if number is not None and int(number.e164) not in numbers:
            message = f"no subscriber has number `{text}`; add it to subscribers.yaml or remove its listener"
            source.report(("proxy", "subscriber_listeners", text), message)


def _number(text: str, country_code: str) -> Msisdn | None:
    """None where it is no number, which was reported with the file itself."""
    try:
        return Msisdn.parse(text, country_code)
    except InvalidInput:
        return None


def _check_policy_names(catalogue: Catalogue | None, policies: Policies | None, source: Source) -> None:
    if catalogue is None or policies is None:
        return
    known = [profile.name for profile in policies.profiles]
    for profile in catalogue.profiles.values():
        if profile.gives_ip and profile.policy not in known:
            text = f"policy `{profile.policy}` is not in policies.yaml; {nearest(profile.policy, known)}"
            source.report(("profiles", profile.name, "policy"), text)
