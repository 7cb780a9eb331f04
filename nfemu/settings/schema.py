"""The shape of each configuration file. What values mean across files is checked by the parts beside this module."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from nfemu.model.errors import InvalidInput
from nfemu.settings import scalars

CUSTOM = "nfemu"
"""Type of the errors whose message is already in the user's words."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
T = TypeVar("T")


def _read(parse: Callable[[str], T]) -> BeforeValidator:
    """Use one of our own readers inside pydantic; its text becomes the finding."""

    def validate(value: object) -> T:
        if isinstance(value, dict | list | bool):
            raise PydanticCustomError(CUSTOM, "one plain value is expected here; write text or a number")
        try:
            return parse(str(value))
        except InvalidInput as error:
            raise PydanticCustomError(CUSTOM, "{text}", {"text": str(error)}) from None

    return BeforeValidator(validate)


def _number(value: object) -> object:
    """`true` is no 1."""
    if isinstance(value, bool):
        raise PydanticCustomError(CUSTOM, "`{text}` is not a number; write digits", {"text": str(value).lower()})
    return value


Number = Annotated[int, BeforeValidator(_number)]
Duration = Annotated[timedelta, _read(scalars.duration)]
BitRate = Annotated[int, _read(scalars.bit_rate)]
TimeOfDay = Annotated[time, _read(scalars.time_of_day), Field(examples=['"08:00"'])]
RateLimit = Annotated[int, _read(scalars.rate_limit)]
Volume = Annotated[int, _read(scalars.volume)]
Amount = Annotated[str, Field(examples=["30.00"])]
"""Kept as text: how many decimals there are depends on the carrier's currency, known later."""
HostName = Annotated[str, _read(scalars.host_name)]
ListenAddress = Annotated[str, _read(scalars.listen_address)]
UpstreamUrl = Annotated[tuple[str, str, int], _read(scalars.upstream)]
Port = Annotated[Number, Field(ge=0, le=65535, examples=["8610"])]
Name = Annotated[str, Field(pattern=NAME_PATTERN, examples=["green"])]
Language = Literal["zh", "en"]


class Section(BaseModel):
    """A mapping of the files: unknown keys are errors, a key with nothing behind it counts as left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: inner for key, inner in value.items() if inner is not None or key not in cls.model_fields}


class CarrierName(Section):
    zh: str = Field(min_length=1, examples=["示例移动"])
    en: str = Field(min_length=1, examples=["Example Mobile"])


class PlmnSection(Section):
    mcc: str = Field(pattern=r"^[0-9]{3}$", examples=['"460"'])
    mnc: str = Field(pattern=r"^[0-9]{2,3}$", examples=['"00"'])


class ApiSection(Section):
    host: ListenAddress = "127.0.0.1"
    port: Port = 8600
    names: list[HostName] = []


class ProxySection(Section):
    host: ListenAddress = "127.0.0.1"
    http_port: Port = 8610
    socks_port: Port = 8611
    workers: Number = Field(default=2, ge=1, le=64, examples=["2"])
    subscriber_listeners: dict[str, Port] = {}


class UpstreamSection(Section):
    http: UpstreamUrl | None = None
    https: UpstreamUrl | None = None
    preserve_host: StrictBool = True
    ue_address: Literal["none", "xff", "proxy2"] | None = None


class PortalSection(Section):
    host: HostName = Field(examples=["portal.carrier.example"])
    upstream: UpstreamSection | None = None


class CarrierFile(Section):
    name: CarrierName = Field(examples=["{zh: 示例移动, en: Example Mobile}"])
    plmn: PlmnSection = Field(examples=['{mcc: "460", mnc: "00"}'])
    country_code: str = Field(default="86", pattern=r"^[1-9][0-9]{0,2}$", examples=['"86"'])
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    language: Language = "zh"
    emergency: list[Annotated[str, Field(pattern=r"^[0-9]{2,6}$", examples=['"112"'])]] = Field(
        default=["112"], min_length=1, examples=['["112"]']
    )
    clock: Literal["wall", "test"] = "wall"
    api: ApiSection = ApiSection()
    access: Literal["auto", "bearer", "proxy"] = "auto"
    proxy: ProxySection = ProxySection()
    internet: Literal["emulated", "real"] = "emulated"
    portal: PortalSection = Field(examples=["{host: portal.carrier.example}"])
    database: str | None = Field(default=None, examples=["postgresql+psycopg://nfemu@localhost/nfemu"])


class PoolSection(Section):
    ipv4: str | None = Field(default=None, examples=["10.45.0.0/16"])
    ipv6: str | None = Field(default=None, examples=['"2001:db8:4500::/40"'])
    hold: Duration = timedelta(minutes=10)


class AmbrSection(Section):
    uplink: BitRate = Field(examples=["50M"])
    downlink: BitRate = Field(examples=["150M"])


class ProfileSection(Section):
    apn: str = Field(examples=["internet"])
    pdn_type: Literal["IPv4", "IPv6", "IPv4v6"] = "IPv4v6"
    pool: Name | None = None
    dns: list[str] = []
    ambr: AmbrSection | None = None
    qci: Number = Field(default=9, ge=1, le=9, examples=["9"])
    arp: Number = Field(default=8, ge=1, le=15, examples=["8"])
    policy: Name | None = None
    gives_ip: StrictBool = True
    change: Literal["in_place", "reactivate"] = "in_place"


class OrderedSection(Section):
    open: Name = Field(examples=["internet"])
    arrears: Name = Field(examples=["green"])
    barred: Name = Field(examples=["barred"])


class ApnsFile(Section):
    pools: dict[Name, PoolSection] = Field(min_length=1, examples=["{internet: {ipv4: 10.45.0.0/16}}"])
    profiles: dict[Name, ProfileSection] = Field(min_length=1, examples=["{internet: {apn: internet, …}}"])
    ordered: OrderedSection = Field(examples=["{open: internet, arrears: green, barred: barred}"])


class GroupSection(Section):
    hosts: list[str] = []
    networks: list[str] = []
    ports: list[Annotated[int, Field(ge=1, le=65535, examples=["80"])]] = []
    trusted: StrictBool = False
    source: str = ""
    opens: TimeOfDay | None = None
    closes: TimeOfDay | None = None


class PolicySection(Section):
    default: Literal["allow", "redirect", "reject"] = Field(examples=["redirect"])
    allow: list[str] = []
    redirect_to: str | None = Field(default=None, examples=["http://portal.carrier.example/green"])
    daily_cap: Volume = 0
    rate: RateLimit = 0
    rate_past_cap: RateLimit = 0
    essential: list[str] = []


class PoliciesFile(Section):
    groups: dict[Name, GroupSection] = {}
    profiles: dict[Name, PolicySection] = Field(min_length=1, examples=["{open: {default: allow}}"])


class HeaderSection(Section):
    value: Literal["msisdn", "imsi", "ue_address", "apn"] = Field(examples=["msisdn"])
    encoding: Literal["plain", "pseudonym", "token"] = "plain"
    lifetime: Duration = timedelta(seconds=60)


class EnrichmentFile(Section):
    headers: dict[str, HeaderSection] = {}
    aliases: list[str] = []
    cookies: list[str] = []


class AccountSection(Section):
    kind: Literal["personal", "unit"] = "personal"
    balance: Amount = "0"
    level: Number = Field(default=5, ge=1, le=10, examples=["5"])
    credit_limit: Amount | None = None


class SubscriberSection(Section):
    number: str = Field(examples=['"13800138000"'])
    imsi: str = Field(examples=['"460001380013800"'])
    account: Name | None = None
    role: Literal["main", "secondary"] = "main"
    language: Language = "zh"
    balance: Amount | None = None
    profile: Name | None = None
    static_ipv4: str | None = Field(default=None, examples=["10.45.1.7"])
    static_ipv6: str | None = Field(default=None, examples=['"2001:db8:4500:7::/64"'])


class RangeSection(Section):
    first_number: str = Field(examples=['"13900000000"'])
    first_imsi: str = Field(examples=['"460009000000000"'])
    count: Number = Field(ge=1, le=100_000_000, examples=["20"])
    balance: Amount = "0"
    language: Language = "zh"
    profile: Name | None = None


class SubscribersFile(Section):
    accounts: dict[Name, AccountSection] = {}
    subscribers: list[SubscriberSection] = []
    ranges: list[RangeSection] = []
    csv: str | None = Field(default=None, examples=["people.csv"])
    attach: Literal["listed", "all", "none"] = "listed"


class DetectionSection(Section):
    enabled: StrictBool = True
    after_stop_notice: Duration = timedelta(minutes=30)


class AutoDeductSection(Section):
    cap: Amount = "200"
    retry: Duration = timedelta(minutes=10)
    give_up: Duration = timedelta(hours=24)


class DunningFile(Section):
    policy: Literal["immediate"] = "immediate"
    restricted_profile: Literal["arrears", "barred"] = "arrears"
    credit_limit: Amount = "0"
    order_expiry: Duration = timedelta(minutes=15)
    open_orders: Number = Field(default=10, ge=1, le=1000, examples=["10"])
    detection: DetectionSection = DetectionSection()
    auto_deduct: AutoDeductSection = AutoDeductSection()


class SiteSection(Section):
    title: str = ""
    delay: Duration = timedelta(0)
    status: Number = Field(default=200, ge=200, le=599, examples=["503"])


class Bilingual(Section):
    zh: str = Field(min_length=1, examples=["机上购物"])
    en: str = Field(min_length=1, examples=["In-flight shopping"])


class LandingLinkSection(Section):
    url: str = Field(examples=["https://shop.inflight.example/"])
    text: Bilingual = Field(examples=["{zh: 进入商城, en: To the shop}"])


class LandingSection(Section):
    url: str = Field(examples=["http://inflight.carrier.example/"])
    title: Bilingual = Field(examples=["{zh: 机上购物, en: In-flight shopping}"])
    text: Bilingual = Field(examples=["{zh: …, en: …}"])
    links: list[LandingLinkSection] = []


class LandingFile(Section):
    pages: dict[Name, LandingSection] = {}


class InternetFile(Section):
    sites: dict[str, SiteSection] = {}
    shared: list[list[HostName]] = []
