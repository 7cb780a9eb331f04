"""`internet.yaml`."""

from datetime import timedelta

from pydantic import Field

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Duration, HostName, Number


class SiteSection(Section):
    """How a site answers, instead of the usual way."""

    title: str = Field(default="", description="In the first line of its answer. Left out: the name.")
    delay: Duration = Field(default=timedelta(0), description="Before it answers.")
    status: Number = Field(default=200, ge=200, le=599, examples=["503"], description="HTTP status of its answers.")


class InternetFile(Section):
    """The emulated Internet: every name has an address of its own and a site that shows what it received."""

    sites: dict[str, SiteSection] = Field(default={}, description="By host name.")
    shared: list[list[HostName]] = Field(default=[], description="Names that share one address, as behind a CDN.")
