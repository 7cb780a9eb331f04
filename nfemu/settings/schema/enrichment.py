"""`enrichment.yaml`."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Duration


class HeaderSection(Section):
    """A header that trusted destinations get. Clients' own copies are removed in every spelling."""

    value: Literal["msisdn", "imsi", "ue_address", "apn"] = Field(examples=["msisdn"], description="What it says.")
    encoding: Literal["plain", "pseudonym", "token"] = Field(
        default="plain",
        description="As it is, keyed and another one per destination group, or an encrypted token (JWE).",
    )
    lifetime: Duration = Field(default=timedelta(seconds=60), description="Of a token, `1s` to `24h`.")


class EnrichmentFile(Section):
    """Header enrichment: what trusted destinations are told, and which client copies are removed everywhere."""

    headers: dict[str, HeaderSection] = Field(default={}, description="By the header's name.")
    aliases: list[str] = Field(default=[], description="Further headers that are removed from every request.")
    cookies: list[str] = Field(default=[], description="Cookies that are removed from every request.")
