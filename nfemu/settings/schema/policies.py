"""`policies.yaml`."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Name, RateLimit, TimeOfDay, Volume


class GroupSection(Section):
    """A group of destinations."""

    hosts: list[str] = Field(
        default=[], description="Patterns: `name` exact, `.name` with everything below, `*.name` one label below."
    )
    networks: list[str] = Field(default=[], description="Networks by address, like `203.0.113.0/24`.")
    ports: list[Annotated[int, Field(ge=1, le=65535, examples=["80"])]] = Field(
        default=[], description="Left out: 80 and 443."
    )
    trusted: StrictBool = Field(default=False, description="Told the number in a header, on plain HTTP only.")
    source: str = Field(default="", description="Who supplied the group (G6), for people.")
    payments: Literal["builtin", "wechat"] | None = Field(
        default=None,
        description="In force only where `portal.payments` of `carrier.yaml` is that, else as if it were not here.",
    )
    opens: TimeOfDay | None = Field(
        default=None, description="In force from then, in the carrier's zone; with `closes`."
    )
    closes: TimeOfDay | None = Field(default=None, description="Until then; before `opens`: over midnight.")


class PolicySection(Section):
    """A policy profile: who may go where."""

    default: Literal["allow", "redirect", "reject"] = Field(
        examples=["redirect"],
        description="What is in no group of `allow`: passes, is led to `redirect_to`, is refused.",
    )
    allow: list[str] = Field(default=[], description="Groups that are reached.")
    redirect_to: str | None = Field(
        default=None,
        examples=["http://portal.carrier.example/green"],
        description="Landing page, an `http://` URL that the profile allows; with `default: redirect`.",
    )
    daily_cap: Volume = Field(default=0, description="Of a line in a business day, both directions together (G7).")
    rate: RateLimit = Field(default=0, description="Of a line, over all its connections.")
    rate_past_cap: RateLimit = Field(default=0, description="The same past the cap; `0`: as before it.")
    essential: list[str] = Field(default=[], description="Groups of `allow` that are reached past the cap too.")


class PoliciesFile(Section):
    """Who may go where. Default deny."""

    groups: dict[Name, GroupSection] = Field(default={}, description="Profiles name them in `allow`.")
    profiles: dict[Name, PolicySection] = Field(min_length=1, examples=["{open: {default: allow}}"])
