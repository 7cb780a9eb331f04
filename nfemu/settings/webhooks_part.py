"""`webhooks` of `carrier.yaml` as the webhooks' own types."""

from nfemu.files.source import Source, ValuePath
from nfemu.model import event_kinds
from nfemu.model.identity import WebhookId
from nfemu.model.webhooks import Webhook
from nfemu.settings.configuration import Webhooks
from nfemu.settings.schema import WebhookSection, WebhooksSection
from nfemu.webhooks.callback import Callback, check_allowed
from nfemu.webhooks.ladder import Ladder
from nfemu.webhooks.register import PREFIX
from nfemu.webhooks.target import WebhookRules

_AT: ValuePath = ("webhooks",)


def webhooks_part(section: WebhooksSection, source: Source) -> Webhooks:
    """Convert and check; mistakes are reported to `source`."""
    within = section.timeout.total_seconds()
    if within <= 0:
        source.report((*_AT, "timeout"), "a receiver needs time for its answer; write for example `10s`")
    ladder = source.attempt(
        (*_AT, "retry"), Ladder, section.retry, section.longest_retry, section.refusals, section.give_up
    )
    rules = WebhookRules(tuple(section.hosts), ladder or Ladder(), within)
    if len(section.receivers) > rules.limit:
        source.report((*_AT, "receivers"), f"at most {rules.limit} programs can be told of events; name fewer")
    made = {name: _webhook(name, each, rules, source) for name, each in section.receivers.items()}
    return Webhooks(rules, {WebhookId(name): webhook for name, webhook in made.items()})


def _webhook(name: str, section: WebhookSection, rules: WebhookRules, source: Source) -> Webhook:
    path = (*_AT, "receivers", name)
    if name.startswith(PREFIX):
        source.report(path, f"names that begin with `{PREFIX}` are given by the API; choose another one")
    callback = source.attempt((*path, "callback"), Callback.parse, section.callback)
    if callback is not None:
        source.attempt((*path, "callback"), check_allowed, callback, rules.hosts)
    events = source.attempt((*path, "events"), event_kinds.checked, section.events)
    return Webhook(WebhookId(name), section.callback, events or (), configured=True)
