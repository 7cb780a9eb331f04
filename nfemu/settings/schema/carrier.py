"""`carrier.yaml`."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from nfemu.files.sections import Section
from nfemu.settings.schema.values import HostName, Language, ListenAddress, Number, Port, UpstreamUrl
from nfemu.settings.schema.webhooks import WebhooksSection


class CarrierName(Section):
    """The carrier's name, on pages and in messages."""

    zh: str = Field(min_length=1, examples=["示例移动"], description="In Chinese.")
    en: str = Field(min_length=1, examples=["Example Mobile"], description="In English.")


class PlmnSection(Section):
    """The network's identity; every IMSI is made for one."""

    mcc: str = Field(pattern=r"^[0-9]{3}$", examples=['"460"'], description="Mobile country code.")
    mnc: str = Field(pattern=r"^[0-9]{2,3}$", examples=['"00"'], description="Mobile network code.")


class ApiSection(Section):
    """Where the API and the inbox pages are."""

    host: ListenAddress = Field(default="127.0.0.1", description="Where the API listens.")
    port: Port = Field(default=8600, description="`0`: a free one, which `nfemu status` shows.")
    names: list[HostName] = Field(default=[], description="Accepted in `Host` and `Origin`, beside the loopback names.")


class ProxySection(Section):
    """Where subscribers' programs connect. A proxy user name is the subscriber's number; there is no password."""

    host: ListenAddress = Field(default="127.0.0.1", description="Where all proxies listen.")
    http_port: Port = Field(default=8610, description="The HTTP proxy. `0`: a free one.")
    socks_port: Port = Field(default=8611, description="The SOCKS5 proxy. `0`: a free one.")
    workers: Number = Field(default=2, ge=1, le=64, examples=["2"], description="How many HTTP engine processes.")
    subscriber_listeners: dict[str, Port] = Field(
        default={}, description="Number and port: an HTTP proxy of that line alone, for tools that send no user name."
    )


class UpstreamSection(Section):
    """The portal team's own server behind the portal's name."""

    http: UpstreamUrl | None = Field(default=None, description="Where plain HTTP to the portal goes.")
    https: UpstreamUrl | None = Field(default=None, description="Where TLS to the portal goes, untouched.")
    preserve_host: StrictBool = Field(
        default=True, description="`true`: the server sees the portal's name in `Host`; `false`: its own."
    )
    ue_address: Literal["none", "xff", "proxy2"] | None = Field(
        default=None,
        description="How it learns the phone's address: not at all, by `X-Forwarded-For`, by PROXY protocol version 2. "
        "Left out: `xff` for HTTP, `none` for TLS.",
    )


class PortalSection(Section):
    """Where restricted phones are led to."""

    host: HostName = Field(
        examples=["portal.carrier.example"], description="The portal's name, which a trusted group must hold."
    )
    upstream: UpstreamSection | None = Field(default=None, description="Left out: the built-in portal.")
    payments: Literal["builtin", "wechat"] = Field(
        default="builtin", description="At which emulated provider the built-in portal is paid."
    )


class CarrierFile(Section):
    """The carrier itself: who it is, where its portal is, where it listens."""

    name: CarrierName = Field(examples=["{zh: 示例移动, en: Example Mobile}"])
    plmn: PlmnSection = Field(examples=['{mcc: "460", mnc: "00"}'])
    country_code: str = Field(
        default="86",
        pattern=r"^[1-9][0-9]{0,2}$",
        examples=['"86"'],
        description="Of numbers that are written nationally, E.164 without plus.",
    )
    currency: str = Field(default="CNY", description="Of every account, ISO 4217.")
    timezone: str = Field(default="Asia/Shanghai", description="Hours of day and business days are in this zone.")
    language: Language = Field(default="zh", description="Of pages, for browsers that ask for none of ours.")
    emergency: list[Annotated[str, Field(pattern=r"^[0-9]{2,6}$", examples=['"112"'])]] = Field(
        default=["112"],
        min_length=1,
        examples=['["112"]'],
        description="Emergency numbers that every page says are never affected.",
    )
    clock: Literal["wall", "test"] = Field(
        default="wall", description="Business time: the machine's, or one that moves only by `nfemu clock`."
    )
    api: ApiSection = ApiSection()
    access: Literal["auto", "bearer", "proxy"] = Field(
        default="auto", description="IP bearers where the machine allows them, bearers or no start, proxies alone."
    )
    proxy: ProxySection = ProxySection()
    internet: Literal["emulated", "real"] = Field(
        default="emulated", description="What stands behind the gateway: sites of our own, or the real Internet."
    )
    portal: PortalSection = Field(examples=["{host: portal.carrier.example}"])
    webhooks: WebhooksSection = WebhooksSection()
    database: str | None = Field(
        default=None,
        examples=["postgresql+psycopg://nfemu@localhost/nfemu"],
        description="SQLAlchemy URL of a SQLite or PostgreSQL database. Left out: SQLite in the state folder.",
    )
