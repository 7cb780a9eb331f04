"""`landing.yaml`."""

from pydantic import Field

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Name


class Bilingual(Section):
    """A text of a page."""

    zh: str = Field(min_length=1, examples=["机上购物"], description="In Chinese.")
    en: str = Field(min_length=1, examples=["In-flight shopping"], description="In English.")


class LandingLinkSection(Section):
    """A link on the page; not shown while what it leads to is closed."""

    url: str = Field(examples=["https://shop.inflight.example/"], description="Where the garden allows to go.")
    text: Bilingual = Field(examples=["{zh: 进入商城, en: To the shop}"])


class LandingSection(Section):
    """A garden's landing page."""

    url: str = Field(
        examples=["http://inflight.carrier.example/"], description="A `redirect_to` of `policies.yaml`; not the portal."
    )
    title: Bilingual = Field(examples=["{zh: 机上购物, en: In-flight shopping}"])
    text: Bilingual = Field(examples=["{zh: …, en: …}"])
    links: list[LandingLinkSection] = Field(default=[], description="In this order.")


class LandingFile(Section):
    """The landing pages of gardens, beside the portal."""

    pages: dict[Name, LandingSection] = Field(default={}, description="Each at a place of its own.")
