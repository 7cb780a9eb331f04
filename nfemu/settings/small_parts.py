"""The three short files in the model's types: `enrichment.yaml`, `dunning.yaml`, `internet.yaml`."""

from datetime import tzinfo

from nfemu.bss.order_queue import Capacity, OrderRules
from nfemu.bss.orders import RetryRules
from nfemu.enrichment.spelling import canonical, checked_cookie, checked_name
from nfemu.enrichment.values import Encoding, EnrichedValue, HeaderRule
from nfemu.files.source import Source, ValuePath
from nfemu.model.money import Money
from nfemu.model.notices import Channel
from nfemu.settings.configuration import (
    AutoDeduct,
    ChannelSettings,
    Detection,
    Dunning,
    EmulatedInternet,
    Enrichment,
    Notices,
    Site,
    Smpp,
)
from nfemu.settings.credit_part import credit_part
from nfemu.settings.policy_part import dunning_rules
from nfemu.settings.scalars import amount, credit_limit, host_name
from nfemu.settings.schema import (
    AutoDeductSection,
    DunningFile,
    EnrichmentFile,
    InternetFile,
    NoticesSection,
    OrdersSection,
)


def enrichment_part(file: EnrichmentFile, source: Source) -> Enrichment:
    """Convert and check; mistakes are reported to `source`."""
    seen: dict[bytes, str] = {}
    headers = []
    for name, section in file.headers.items():
        path: ValuePath = ("headers", name)
        source.attempt(path, checked_name, name, "header")
        spelling = canonical(name.encode())
        if spelling in seen:
            text = f"header `{name}` and `{seen[spelling]}` are one for many servers; keep one of the two"
            source.report(path, text)
        seen[spelling] = name
        lifetime = int(section.lifetime.total_seconds())
        if not 1 <= lifetime <= 86_400:
            source.report((*path, "lifetime"), "a token's lifetime is from `1s` to `24h`; write for example `60s`")
        headers.append(HeaderRule(name, EnrichedValue(section.value), Encoding(section.encoding), lifetime))
    for index, alias in enumerate(file.aliases):
        source.attempt(("aliases", index), checked_name, alias, "alias")
    for index, cookie in enumerate(file.cookies):
        source.attempt(("cookies", index), checked_cookie, cookie)
    return Enrichment(tuple(headers), tuple(file.aliases), tuple(file.cookies))


def dunning_part(file: DunningFile, source: Source, currency: str, zone: tzinfo) -> Dunning:
    """Convert and check; mistakes are reported to `source`."""
    limit = source.attempt(("credit_limit",), credit_limit, file.credit_limit, currency) or Money(0, currency)
    if file.order_expiry.total_seconds() < 1:
        source.report(("order_expiry",), "a payment order needs time to be paid; write at least `1s`, usually `15m`")
    return Dunning(
        dunning_rules(file, source, currency, zone),
        limit,
        file.order_expiry,
        file.open_orders,
        Detection(file.detection.enabled, file.detection.after_stop_notice),
        _auto_deduct(file.auto_deduct, source, currency),
        _orders(file.orders, source),
        _notices(file.notices, source),
        credit_part(file.credit, source),
    )


def _notices(section: NoticesSection, source: Source) -> Notices:
    if section.retry.total_seconds() < 1:
        source.report(("notices", "retry"), "a channel that failed needs time; write at least `1s`")
    sections = {Channel.SMS: section.sms, Channel.WECHAT: section.wechat, Channel.VOICE: section.voice}
    smpp = section.smpp
    return Notices(
        {channel: ChannelSettings(each.per_second, each.fail) for channel, each in sections.items()},
        section.attempts,
        section.retry,
        section.seed,
        None if smpp is None else Smpp(smpp.host, smpp.port, smpp.system_id, smpp.source),
    )


def _auto_deduct(section: AutoDeductSection, source: Source, currency: str) -> AutoDeduct:
    cap = source.attempt(("auto_deduct", "cap"), amount, section.cap, currency)
    if cap is not None and cap.minor <= 0:
        source.report(("auto_deduct", "cap"), "an agreement's cap is more than zero; write for example `200.00`")
    if section.retry.total_seconds() < 1:
        source.report(("auto_deduct", "retry"), "a provider that did not answer needs time; write at least `1s`")
    return AutoDeduct(cap or Money(1, currency), section.retry, section.give_up)


def _orders(section: OrdersSection, source: Source) -> OrderRules:
    rules = OrderRules()
    billing, network = (
        source.attempt(("orders", name, "burst"), Capacity, stage.per_minute, stage.burst)
        for name, stage in (("billing", section.billing), ("network", section.network))
    )
    retry = source.attempt(("orders", "retry"), RetryRules, section.attempts, section.retry, section.longest_retry)
    return OrderRules(billing or rules.billing, network or rules.network, retry or rules.retry)


def internet_part(file: InternetFile, source: Source) -> EmulatedInternet:
    """Convert and check; mistakes are reported to `source`."""
    sites: dict[str, Site] = {}
    for text, section in file.sites.items():
        name = source.attempt(("sites", text), host_name, text)
        if name is None:
            continue
        if name in sites:
            source.report(("sites", text), f"site `{name}` is described twice in two spellings; keep one of the two")
        sites[name] = Site(section.title, section.delay, section.status)
    _check_shared(file, source)
    return EmulatedInternet(sites, tuple(tuple(names) for names in file.shared))


def _check_shared(file: InternetFile, source: Source) -> None:
    seen: dict[str, int] = {}
    for index, names in enumerate(file.shared):
        if len(set(names)) < 2:
            source.report(("shared", index), "one name shares with nobody; list two or more different names")
        for place, name in enumerate(names):
            if seen.setdefault(name, index) != index:
                text = f"`{name}` already shares another address (list {seen[name] + 1}); name it once"
                source.report(("shared", index, place), text)
