"""What `webhooks` of `carrier.yaml` says, as facts."""

from nfemu.bootstrap.reload.facts import Facts
from nfemu.settings.configuration import Webhooks


def webhook_facts(webhooks: Webhooks) -> Facts:
    rules, ladder = webhooks.rules, webhooks.rules.ladder
    receivers = {
        f"webhooks.receivers.{name}": {"callback": each.callback, "events": ", ".join(each.events)}
        for name, each in webhooks.receivers.items()
    }
    return {
        "webhooks": {
            "hosts": ", ".join(rules.hosts) or "none",
            "timeout": f"{rules.within:g} s",
            "retry": str(ladder.retry),
            "longest_retry": str(ladder.longest),
            "refusals": str(ladder.refusals),
            "give_up": str(ladder.give_up),
        },
        **receivers,
    }
