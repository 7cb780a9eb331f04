"""The shape of each configuration file, and what each key means: the checks, the reference page and the editors'
schemas are made from it. What values mean across files is checked by the parts beside this package.
"""

from collections.abc import Mapping

from nfemu.files.sections import Section
from nfemu.settings.schema.apns import AmbrSection, ApnsFile, OrderedSection, PoolSection, ProfileSection
from nfemu.settings.schema.carrier import (
    ApiSection,
    CarrierFile,
    CarrierName,
    PlmnSection,
    PortalSection,
    ProxySection,
    UpstreamSection,
)
from nfemu.settings.schema.credit import CreditSection
from nfemu.settings.schema.dunning import (
    AutoDeductSection,
    DetectionSection,
    DunningFile,
    NoticesSection,
    OrdersSection,
)
from nfemu.settings.schema.enrichment import EnrichmentFile, HeaderSection
from nfemu.settings.schema.graded import LevelSection
from nfemu.settings.schema.internet import InternetFile, SiteSection
from nfemu.settings.schema.landing import Bilingual, LandingFile, LandingLinkSection, LandingSection
from nfemu.settings.schema.people import AccountSection, RangeSection, SubscriberSection, SubscribersFile
from nfemu.settings.schema.plans import DataSection, PlanSection, PlansFile, ServiceSection, VoiceSection
from nfemu.settings.schema.policies import GroupSection, PoliciesFile, PolicySection
from nfemu.settings.schema.simulation import AnswerSection, SimulationFile
from nfemu.settings.schema.webhooks import WebhookSection, WebhooksSection

FILES: Mapping[str, type[Section]] = {
    "carrier": CarrierFile,
    "apns": ApnsFile,
    "policies": PoliciesFile,
    "enrichment": EnrichmentFile,
    "subscribers": SubscribersFile,
    "plans": PlansFile,
    "dunning": DunningFile,
    "internet": InternetFile,
    "landing": LandingFile,
    "simulation": SimulationFile,
}
"""By name, without `.yaml`."""

__all__ = [
    "FILES",
    "AccountSection",
    "AmbrSection",
    "AnswerSection",
    "ApiSection",
    "ApnsFile",
    "AutoDeductSection",
    "Bilingual",
    "CarrierFile",
    "CarrierName",
    "CreditSection",
    "DataSection",
    "DetectionSection",
    "DunningFile",
    "EnrichmentFile",
    "GroupSection",
    "HeaderSection",
    "InternetFile",
    "LandingFile",
    "LandingLinkSection",
    "LandingSection",
    "LevelSection",
    "NoticesSection",
    "OrderedSection",
    "OrdersSection",
    "PlanSection",
    "PlansFile",
    "PlmnSection",
    "PoliciesFile",
    "PolicySection",
    "PoolSection",
    "PortalSection",
    "ProfileSection",
    "ProxySection",
    "RangeSection",
    "ServiceSection",
    "SimulationFile",
    "SiteSection",
    "SubscriberSection",
    "SubscribersFile",
    "UpstreamSection",
    "VoiceSection",
    "WebhookSection",
    "WebhooksSection",
]
