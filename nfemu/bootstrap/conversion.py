"""From the configuration's types to those of the rooms, which do not know the configuration."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from nfemu.bss.auto_deduct import AutoDeductRules
from nfemu.bss.channels import ChannelRules, NoticeRules
from nfemu.bss.credit import CreditRules
from nfemu.bss.detection import DetectionRules
from nfemu.bss.fees import FeeRules
from nfemu.bss.notices import Letterhead
from nfemu.carrier.rules import CarrierRules
from nfemu.client.state import StateFolder
from nfemu.gateway.ports import UeAddress, Upstream
from nfemu.gateway.resolving import HostUpstream, Internet, NamePlan
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sealer import load_keys
from nfemu.model.destination import Destination, Scheme
from nfemu.model.identity import PolicyName
from nfemu.model.notices import Channel
from nfemu.policy.compiled import CompiledProfile
from nfemu.policy.rules import NO_BINDINGS, decide
from nfemu.runtime.keys import load_or_create_key
from nfemu.settings import Configuration, OpeningAccount, PortalPayments, UpstreamTarget
from nfemu.settings.people import NumberRange, Terms
from nfemu.store import SeedAccount, SeedRange
from nfemu.web.origins.sites import SiteOverride
from nfemu.web.portal.config import CAPTIVE_API
from nfemu.wechat import h5_link


def token_keys(state: StateFolder) -> Path:
    """The JWK Set that seals and opens enrichment tokens."""
    return state.keys / "token.jwks"


def rule_source(configuration: Configuration, state: StateFolder) -> RuleSource:
    """What enforcement points compile their rules from."""
    enrichment = configuration.enrichment
    return RuleSource(
        groups=configuration.policies.groups,
        profiles=configuration.policies.profiles,
        headers=enrichment.headers,
        aliases=enrichment.aliases,
        cookies=enrichment.cookies,
        pseudonym_key=load_or_create_key(state.keys / "pseudonym.key"),
        token_keys=load_keys(token_keys(state)),
        country_code=configuration.carrier.country_code,
    )


def carrier_rules(configuration: Configuration) -> CarrierRules:
    """What the use cases go by."""
    carrier, dunning = configuration.carrier, configuration.dunning
    return CarrierRules(
        catalogue=configuration.catalogue,
        dunning=dunning.rules,
        letterhead=Letterhead(carrier.name, f"http://{carrier.portal.host}/green", carrier.country_code),
        auto_deduct=AutoDeductRules(dunning.auto_deduct.cap, dunning.auto_deduct.retry, dunning.auto_deduct.give_up),
        order_expiry=dunning.order_expiry,
        open_orders=dunning.open_orders,
        detection=DetectionRules(dunning.detection.enabled, dunning.detection.after_stop_notice, carrier.timezone),
        notices=notice_rules(configuration),
        fees=FeeRules(configuration.prices, carrier.timezone),
        orders=dunning.orders,
        credit=CreditRules(dunning.credit, carrier.timezone, configuration.prices.seed),
        confirmed_by=_CONFIRMED_BY[carrier.portal.payments],
    )


_CONFIRMED_BY = {PortalPayments.BUILTIN: Channel.SMS, PortalPayments.WECHAT: Channel.WECHAT}


def notice_rules(configuration: Configuration) -> NoticeRules:
    """How channels bring messages."""
    notices = configuration.dunning.notices
    return NoticeRules(
        {channel: ChannelRules(each.per_second, each.fail) for channel, each in notices.channels.items()},
        notices.attempts,
        notices.retry,
        relay=notices.smpp is not None,
        seed=notices.seed,
    )


def name_plan(configuration: Configuration, provider_host: str) -> NamePlan:
    """Where names lead."""
    portal = configuration.carrier.portal
    upstream = portal.upstream
    targets = {}
    if upstream is not None:
        http, https = (_upstream(target, upstream.preserve_host) for target in (upstream.http, upstream.https))
        targets[portal.host] = HostUpstream(http, https)
    internet = Internet(configuration.carrier.internet.value)
    landing = {page.host for page in configuration.landing}
    wechat = {h5_link.HOST} if portal.payments is PortalPayments.WECHAT else ()
    return NamePlan(internet, frozenset({portal.host, provider_host, *wechat, *landing}), targets)


def _upstream(target: UpstreamTarget | None, preserve_host: bool) -> Upstream | None:
    if target is None:
        return None
    return Upstream(
        target.host, target.port, target.scheme == "https", preserve_host, UeAddress(target.ue_address.value)
    )


def captive_api(configuration: Configuration) -> str:
    """The URL of the captive-portal API; with `portal.upstream.https` it is for that server to answer."""
    return f"https://{configuration.carrier.portal.host}{CAPTIVE_API}"


def portal_group(configuration: Configuration) -> str:
    """The policy group that makes the portal trusted: pseudonyms are keyed by it. Empty when none does."""
    portal = Destination(configuration.carrier.portal.host, None, 80, scheme=Scheme.HTTP)
    policies = configuration.policies.compiled
    decisions = (decide(policies.profile(name), portal, NO_BINDINGS, datetime.now(UTC)) for name in policies.names)
    return next((str(decision.group) for decision in decisions if decision.enrich), "")


def gardens(configuration: Configuration) -> dict[PolicyName, str]:
    """What restricts an open line, each with its own landing page over TLS; empty where there is none, or no way."""
    policies, hosts = configuration.policies.compiled, {page.host for page in configuration.landing}
    restricting = (policies.profile(name) for name in policies.names if policies.profile(name).restricted)
    return {profile.name: _secure_page(profile, hosts) for profile in restricting}


def _secure_page(profile: CompiledProfile, hosts: set[str]) -> str:
    parts = urlsplit(profile.redirect_to or "")
    page = Destination(parts.hostname, None, 443, scheme=Scheme.HTTPS)
    if parts.hostname not in hosts or profile.match(page) is None:
        return ""
    return parts._replace(scheme="https", netloc=parts.hostname).geturl()


def site_overrides(configuration: Configuration) -> dict[str, SiteOverride]:
    """What `internet.yaml` says about single names."""
    return {
        name: SiteOverride(title=site.title or None, status=site.status, delay=site.delay)
        for name, site in configuration.internet.sites.items()
    }


def seed_account(opening: OpeningAccount) -> SeedAccount:
    """An account of the configuration, as the store takes it."""
    return SeedAccount(opening.account, opening.balance)


def seed_range(part: NumberRange, terms: Terms) -> SeedRange:
    """A number range by its first card and account; the store makes the rest."""
    return SeedRange(next(part.subscribers()), seed_account(next(part.accounts(terms))), part.count, part.profile)
