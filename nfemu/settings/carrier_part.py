"""`carrier.yaml` in the model's types."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from nfemu.files.findings import nearest
from nfemu.files.source import Source, ValuePath
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn, Plmn
from nfemu.model.money import Money
from nfemu.settings.configuration import (
    Access,
    Api,
    Carrier,
    ClockKind,
    InternetMode,
    Portal,
    PortalPayments,
    PortalUpstream,
    ProxyAccess,
    UeAddress,
    UpstreamTarget,
)
from nfemu.settings.schema import CarrierFile, ProxySection, UpstreamSection
from nfemu.settings.webhooks_part import webhooks_part

_WILDCARDS = {"0.0.0.0", "::"}
_DATABASES = ("sqlite", "postgresql")


def carrier_part(file: CarrierFile, source: Source) -> Carrier:
    """Convert and check; mistakes are reported to `source`."""
    source.attempt(("currency",), Money, 0, file.currency)
    _check_ports(file, source)
    if file.database is not None and not file.database.startswith(_DATABASES):
        source.report(("database",), "`database` is not a URL of SQLite or PostgreSQL; write it like "
                      "`postgresql+psycopg://nfemu@localhost/nfemu`")  # fmt: skip
    return Carrier(
        name={"zh": file.name.zh, "en": file.name.en},
        plmn=Plmn(file.plmn.mcc, file.plmn.mnc),
        country_code=file.country_code,
        currency=file.currency,
        timezone=source.attempt(("timezone",), _timezone, file.timezone) or ZoneInfo("UTC"),
        language=file.language,
        emergency=tuple(file.emergency),
        clock=ClockKind(file.clock),
        api=Api(file.api.host, file.api.port, tuple(file.api.names)),
        access=Access(file.access),
        proxy=_proxy(file.proxy, file.country_code, source),
        internet=InternetMode(file.internet),
        portal=Portal(file.portal.host, _upstream(file.portal.upstream, source), PortalPayments(file.portal.payments)),
        webhooks=webhooks_part(file.webhooks, source),
        database=file.database,
    )


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"time zone `{name}` is not known; {nearest(name, _zones(name))}") from None


def _zones(name: str) -> list[str]:
    """Zones to suggest: those of the same city, else a few examples."""
    city = name.rpartition("/")[2].lower()
    same_city = [zone for zone in available_timezones() if zone.rpartition("/")[2].lower() == city]
    return same_city or ["Asia/Shanghai", "Europe/Berlin", "UTC"]


def _proxy(section: ProxySection, country_code: str, source: Source) -> ProxyAccess:
    listeners: dict[Msisdn, int] = {}
    written: dict[Msisdn, str] = {}
    for text, port in section.subscriber_listeners.items():
        path = ("proxy", "subscriber_listeners", text)
        number = source.attempt(path, Msisdn.parse, text, country_code)
        if number is None:
            continue
        if number in listeners:
            source.report(path, f"`{text}` and `{written[number]}` are one number; keep one of the two")
        listeners[number] = port
        written[number] = text
    return ProxyAccess(section.host, section.http_port, section.socks_port, section.workers, listeners)


def _upstream(section: UpstreamSection | None, source: Source) -> PortalUpstream | None:
    if section is None:
        return None
    if section.http is None and section.https is None:
        source.report(("portal", "upstream"), "`portal.upstream` names no server; "
                      "add `http: http://127.0.0.1:9000`, `https: …`, or both")  # fmt: skip
    default = {"http": UeAddress.XFF, "https": UeAddress.NONE}

    def target(phone_scheme: str, url: tuple[str, str, int] | None) -> UpstreamTarget | None:
        if url is None:
            return None
        ue_address = UeAddress(section.ue_address) if section.ue_address else default[phone_scheme]
        return UpstreamTarget(*url, ue_address)

    return PortalUpstream(target("http", section.http), target("https", section.https), section.preserve_host)


def _check_ports(file: CarrierFile, source: Source) -> None:
    """Two listeners cannot share a port on one address; port 0 takes a free one and never collides."""
    proxy = file.proxy
    wanted: list[tuple[ValuePath, str, int]] = [
        (("api", "port"), file.api.host, file.api.port),
        (("proxy", "http_port"), proxy.host, proxy.http_port),
        (("proxy", "socks_port"), proxy.host, proxy.socks_port),
    ]
    wanted += [
        (("proxy", "subscriber_listeners", number), proxy.host, port)
        for number, port in proxy.subscriber_listeners.items()
    ]
    taken: dict[int, list[tuple[ValuePath, str]]] = {}
    for path, host, port in wanted:
        for other, other_host in taken.get(port, ()) if port else ():
            if host == other_host or _WILDCARDS & {host, other_host}:
                source.report(path, f"port {port} is already taken by `{_setting(other)}`; write another port, or 0")
                break
        taken.setdefault(port, []).append((path, host))


def _setting(path: ValuePath) -> str:
    return ".".join(str(part) for part in path)
