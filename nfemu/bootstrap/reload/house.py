"""What differs in all files but `apns.yaml`, `policies.yaml` and `subscribers.yaml`."""

from collections.abc import Iterator

from nfemu.bootstrap.reload.credit import CREDIT, CREDIT_NOTE, credit_facts
from nfemu.bootstrap.reload.facts import Facts, differing, lines
from nfemu.bootstrap.reload.graded import NOTE, policy_facts
from nfemu.bootstrap.reload.prices import price_facts
from nfemu.bootstrap.reload.webhooks import webhook_facts
from nfemu.bss.order_queue import Capacity
from nfemu.settings import Carrier, Configuration, EmulatedInternet, Enrichment, UpstreamTarget
from nfemu.settings.configuration import Notices, Smpp
from nfemu.settings.people import People
from nfemu.web.api.backend import ConfigChange

_DUNNING_NOTES = {
    "order_expiry": "for payment orders from now on",
    "open_orders": "for payment orders from now on",
    "detection.enabled": "for requests that are blocked from now on",
    "detection.after_stop_notice": "for requests that are blocked from now on",
    "auto_deduct.cap": "for agreements from now on that name none; those that are signed keep theirs",
    "auto_deduct.retry": "for every deduction that stays without an answer from now on",
    "orders.attempts": "for orders that are refused from now on",
    "orders.retry": "for orders that are refused from now on",
    "orders.longest_retry": "for orders that are refused from now on",
    "notices.sms": "for messages from now on, also those that wait",
    "notices.wechat": "for messages from now on, also those that wait",
    "notices.voice": "for messages from now on, also those that wait",
    "notices.attempts": "also for messages that wait to be tried again",
    "notices.retry": "for messages that fail from now on",
    "notices.seed": "for messages from now on",
    "notices.smpp": "receivers that are connected elsewhere are let go; what was not acknowledged waits for them",
    "auto_deduct.give_up": "also for deductions that wait for an answer, when they are asked about next",
}
_PRICES_NOTE = "for what falls due or is used from now on"


def house_changes(before: Configuration, after: Configuration, moving: int) -> Iterator[ConfigChange]:
    """`moving`: how many lines a changed `restricted_profile` moves."""

    def dunning_note(subject: str) -> str:
        if subject == "restricted_profile":
            return f"moves {lines(moving, 'restricted')}"
        if subject.startswith(CREDIT):
            return CREDIT_NOTE
        if subject == "credit_limit":
            return _credit_note(after.people)
        return _DUNNING_NOTES.get(subject, "" if subject not in policy_facts(after.dunning.rules) else NOTE)

    yield from differing("carrier.yaml", _carrier(before.carrier), _carrier(after.carrier))
    yield from differing("enrichment.yaml", _enrichment(before.enrichment), _enrichment(after.enrichment))
    yield from differing("dunning.yaml", _dunning(before), _dunning(after), dunning_note)
    yield from differing("internet.yaml", _internet(before.internet), _internet(after.internet))
    yield from differing("landing.yaml", _landing(before), _landing(after))
    yield from differing("plans.yaml", price_facts(before.prices), price_facts(after.prices), lambda _: _PRICES_NOTE)


def house_facts(configuration: Configuration) -> dict[str, Facts]:
    """What each of these files says."""
    return {
        "carrier.yaml": _carrier(configuration.carrier),
        "enrichment.yaml": _enrichment(configuration.enrichment),
        "dunning.yaml": _dunning(configuration),
        "internet.yaml": _internet(configuration.internet),
        "landing.yaml": _landing(configuration),
        "plans.yaml": price_facts(configuration.prices),
    }


def _carrier(carrier: Carrier) -> Facts:
    country = carrier.country_code
    upstream = carrier.portal.upstream
    http, https = (upstream.http, upstream.https) if upstream is not None else (None, None)
    proxy = carrier.proxy
    own = {f"listener {number.national(country)}": str(port) for number, port in proxy.subscriber_listeners.items()}
    return {
        "name": dict(carrier.name),
        "timezone": {"": carrier.timezone.key},
        "language": {"": carrier.language},
        "emergency": {"": ", ".join(carrier.emergency)},
        "access": {"": carrier.access.value},
        "api": {
            "host": carrier.api.host,
            "port": str(carrier.api.port),
            "names": ", ".join(carrier.api.names) or "none",
        },
        "proxy": {
            "host": proxy.host,
            "http_port": str(proxy.http_port),
            "socks_port": str(proxy.socks_port),
            "workers": str(proxy.workers),
            **own,
        },
        "internet": {"": carrier.internet.value},
        "portal": {
            "host": carrier.portal.host,
            "upstream http": _target(http),
            "upstream https": _target(https),
            "preserve_host": str(upstream is None or upstream.preserve_host).lower(),
        },
        **webhook_facts(carrier.webhooks),
    }


def _target(target: UpstreamTarget | None) -> str:
    if target is None:
        return "none"
    return f"{target.scheme}://{target.host}:{target.port}, ue_address {target.ue_address.value}"


def _enrichment(enrichment: Enrichment) -> Facts:
    rules = {
        rule.name: f"{rule.value.value}, {rule.encoding.value}, {rule.lifetime_s} s" for rule in enrichment.headers
    }
    return {
        "headers": rules,
        "aliases": dict.fromkeys(enrichment.aliases, ""),
        "cookies": dict.fromkeys(enrichment.cookies, ""),
    }


def _dunning(configuration: Configuration) -> Facts:
    dunning = configuration.dunning
    return {
        **policy_facts(dunning.rules),
        "credit_limit": {"": dunning.credit_limit.decimal()},
        "order_expiry": {"": str(dunning.order_expiry)},
        "open_orders": {"": str(dunning.open_orders)},
        "detection.enabled": {"": str(dunning.detection.enabled).lower()},
        "detection.after_stop_notice": {"": str(dunning.detection.after_stop_notice)},
        "auto_deduct.cap": {"": dunning.auto_deduct.cap.decimal()},
        "auto_deduct.retry": {"": str(dunning.auto_deduct.retry)},
        "auto_deduct.give_up": {"": str(dunning.auto_deduct.give_up)},
        "orders.billing": _capacity(dunning.orders.billing),
        "orders.network": _capacity(dunning.orders.network),
        "orders.attempts": {"": str(dunning.orders.retry.attempts)},
        "orders.retry": {"": str(dunning.orders.retry.pause)},
        "orders.longest_retry": {"": str(dunning.orders.retry.longest)},
        **_notices(dunning.notices),
        **credit_facts(dunning.credit),
    }


def _notices(notices: Notices) -> Facts:
    smpp = notices.smpp
    channels = {
        f"notices.{channel.value}": {"per_second": str(each.per_second), "fail": str(each.fail)}
        for channel, each in notices.channels.items()
    }
    return {
        **channels,
        "notices.attempts": {"": str(notices.attempts)},
        "notices.retry": {"": str(notices.retry)},
        "notices.seed": {"": str(notices.seed)},
        "notices.smpp": {"": "off" if smpp is None else _message_centre(smpp)},
    }


def _capacity(capacity: Capacity) -> dict[str, str]:
    return {"per_minute": str(capacity.per_minute), "burst": str(capacity.burst)}


def _message_centre(smpp: Smpp) -> str:
    return f"{smpp.host}:{smpp.port} as {smpp.system_id}, from {smpp.source}"


def _credit_note(people: People) -> str:
    """Those with a limit of their own keep it; who is overdue under the new one is derived once it is in force."""
    count = sum(opened.account.credit_limit == people.terms.credit_limit for opened in people.opened)
    count += sum(part.count for part in people.ranges)
    more = " and those of the CSV file" if people.csv is not None else ""
    concerned = f"for {count} accounts without a limit of their own{more}"
    return f"{concerned}; lines are stopped or resumed where that changes standing"


def _internet(internet: EmulatedInternet) -> Facts:
    sites = {
        f"site {name}": {"title": site.title or name, "delay": str(site.delay), "status": str(site.status)}
        for name, site in internet.sites.items()
    }
    return {**sites, "shared": {", ".join(names): "" for names in internet.shared}}


def _landing(configuration: Configuration) -> Facts:
    return {
        f"page http://{page.host}{page.path}": {
            **{f"title {language}": title for language, title in page.title.items()},
            **{f"text {language}": text for language, text in page.text.items()},
            "links": ", ".join(f"{link.url} ({', '.join(link.text.values())})" for link in page.links) or "none",
        }
        for page in configuration.landing
    }
