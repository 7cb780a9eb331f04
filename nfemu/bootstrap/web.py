"""Everything of the control process that answers phones by HTTP: portal, payment provider, emulated sites. It follows a
reload without a request being lost: what is under way ends where it began."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.types import ASGIApp

from nfemu.bootstrap.conversion import gardens, portal_group, rule_source, site_overrides
from nfemu.client.state import StateFolder
from nfemu.model.money import Money
from nfemu.runtime.keys import load_or_create_key
from nfemu.runtime.service import CarrierService
from nfemu.settings import Configuration
from nfemu.web.landing.pages import LandingPages
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites
from nfemu.web.pages import Voice
from nfemu.web.portal.app import Ears, portal_application
from nfemu.web.portal.config import Identify, PortalConfig
from nfemu.web.portal.identity import Recognition, identify_by
from nfemu.web.portal.shell import Shell
from nfemu.web.provider.builtin import BuiltinProvider
from nfemu.web.provider.site import ProviderSite
from nfemu.wechat import h5_link


def wall() -> datetime:
    """Wall time, aware."""
    return datetime.now(UTC)


class WebSide:
    """`origins` is the application to serve."""

    def __init__(
        self,
        state: StateFolder,
        configuration: Configuration,
        service: CarrierService,
        provider: BuiltinProvider,
        ears: Ears,
        wechat: Mapping[str, ASGIApp],
        recorder: Recorder,
        seal: bytes,
    ) -> None:
        """`wechat`: the emulated WeChat Pay's, by host name. `seal` is what the portal's cookies are signed with beside
        its key."""
        self._state = state
        self._service = service
        self._provider = provider
        self._ears = ears
        self._wechat = wechat
        portal = _portal_config(configuration, provider)
        portal_key = load_or_create_key(state.keys / "portal.key")
        self._shell = Shell(portal, service, self._identify(configuration), portal_key + seal, wall)
        self._sites = EmulatedSites(site_overrides(configuration))
        self._zone = configuration.carrier.timezone
        self._landing = LandingPages(configuration.landing, self._sites, portal.voice, self._local_now)
        self.origins = OriginDispatcher(self._apps(portal), self._landing, recorder)

    def follow(self, configuration: Configuration) -> None:
        """From the next request on as `configuration` says; also with keys that have been rotated."""
        carrier = configuration.carrier
        self._provider.follow(carrier.name, carrier.timezone, carrier.language)
        portal = _portal_config(configuration, self._provider)
        self._shell.replace(portal, self._identify(configuration))
        self._sites.replace(site_overrides(configuration))
        self._zone = configuration.carrier.timezone
        self._landing.replace(configuration.landing, portal.voice)
        self.origins.replace(self._apps(portal))

    def _local_now(self) -> datetime:
        """Business time in the carrier's zone."""
        return self._service.now().astimezone(self._zone)

    def _apps(self, portal: PortalConfig) -> Mapping[str, ASGIApp]:
        return {
            **self._wechat,
            portal.host: portal_application(self._shell, self._ears),
            self._provider.config.host: ProviderSite(self._provider, (portal.secure_url,)).application(),
        }

    def _identify(self, configuration: Configuration) -> Identify:
        """How the portal reads the header that the gateway writes."""
        source = rule_source(configuration, self._state)
        recognition = Recognition(
            host=configuration.carrier.portal.host,
            group=portal_group(configuration),
            country_code=configuration.carrier.country_code,
            pseudonym_key=source.pseudonym_key,
            token_keys={key.kid: key.secret for key in source.token_keys},
            session_at=self._service.session_at,
            wall=wall,
        )
        return identify_by(configuration.enrichment.headers, recognition)


def _portal_config(configuration: Configuration, provider: BuiltinProvider) -> PortalConfig:
    carrier = configuration.carrier
    return PortalConfig(
        Voice(carrier.name, carrier.language, carrier.emergency),
        carrier.portal.host,
        carrier.country_code,
        (f"https://{provider.config.host}", f"https://{h5_link.HOST}"),
        Money(1, carrier.currency),
        Money(500_000, carrier.currency),
        Money(5_000, carrier.currency),
        gardens(configuration),
    )
