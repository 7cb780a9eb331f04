"""`plans.yaml` in the model's types."""

from datetime import timedelta

from nfemu.files.findings import nearest
from nfemu.files.source import Source, ValuePath
from nfemu.model.identity import PlanName, ServiceName
from nfemu.model.money import Money
from nfemu.model.plans import Measured, Period, Plan, PriceList, Service, Tariff
from nfemu.settings.scalars import amount
from nfemu.settings.schema import DataSection, PlanSection, PlansFile, VoiceSection

_DAY = timedelta(days=1)


def plans_part(file: PlansFile, source: Source, currency: str) -> PriceList:
    """Convert and check; mistakes are reported to `source`."""
    opens = timedelta(hours=file.fees.begin.hour, minutes=file.fees.begin.minute)
    if opens + file.fees.window > _DAY:
        text = "the fees of day 1 fall due on day 1: `begin` and `window` lead beyond midnight; shorten the window"
        source.report(("fees", "window"), text)
    services = {}
    for name, section in file.services.items():
        fee = _price(("services", name, "fee"), section.fee, source, currency)
        services[ServiceName(name)] = Service(ServiceName(name), fee, Period(section.period), section.at, section.day)
    plans = {PlanName(name): _plan(name, section, file, source, currency) for name, section in file.plans.items()}
    return PriceList(plans, services, file.fees.begin, file.fees.window, file.fees.seed)


def _plan(name: str, section: PlanSection, file: PlansFile, source: Source, currency: str) -> Plan:
    path: ValuePath = ("plans", name)
    for index, service in enumerate(section.services):
        if service not in file.services:
            text = f"service `{service}` does not exist; {nearest(service, file.services)}"
            source.report((*path, "services", index), text)
    tariffs = {}
    if section.data is not None:
        tariffs[Measured.DATA] = _tariff((*path, "data"), section.data, source, currency)
    if section.voice is not None:
        tariffs[Measured.VOICE] = _tariff((*path, "voice"), section.voice, source, currency)
    fee = _price((*path, "fee"), section.fee, source, currency)
    return Plan(PlanName(name), fee, tuple(map(ServiceName, section.services)), tariffs)


def _tariff(path: ValuePath, section: DataSection | VoiceSection, source: Source, currency: str) -> Tariff:
    if isinstance(section, DataSection):
        included, unit = section.included, section.unit
    else:
        included, unit = (int(each.total_seconds()) for each in (section.included, section.unit))
    if unit < 1:
        source.report((*path, "unit"), "a unit is more than nothing; write for example `1MiB`, or `1m` of calls")
    return Tariff(included, max(unit, 1), _price((*path, "price"), section.price, source, currency))


def _price(path: ValuePath, text: str, source: Source, currency: str) -> Money:
    """Zero or more; zero also where it was refused."""
    found = source.attempt(path, amount, text, currency)
    if found is not None and found.minor < 0:
        source.report(path, f"`{text}` would be a gift; write what it costs, `0` for nothing")
    return found or Money(0, currency)
