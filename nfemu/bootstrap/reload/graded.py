"""What `dunning.yaml` says of policies, as far as a change of it can be told."""

from dataclasses import fields

from nfemu.bootstrap.reload.facts import Facts
from nfemu.bss.dunning import DunningRules
from nfemu.bss.dunning.rules import LevelRules, LowBalance, Reminding

NOTE = "accounts are looked at anew; lines that are stopped stay so"


def policy_facts(rules: DunningRules) -> Facts:
    """By key of the file."""
    hours, night, large = rules.hours, rules.night, rules.large
    return {
        "policy": {"": rules.policy.value},
        "restricted_profile": {"": rules.restricted.value},
        "classic": {"night": f"{night.begins:%H:%M} to {night.ends:%H:%M}"},
        "graded.hours": {
            "notices": f"{hours.opens:%H:%M} to {hours.closes:%H:%M}",
            "quiet": f"{hours.quiet_from:%H:%M} to {hours.quiet_until:%H:%M}",
        },
        "graded.reminders": {**_values(rules.reminding), **_values(rules.low_balance)},
        "graded.large_arrears": {"above": large.above.decimal(), "at_night": large.at_night.value},
        "graded.room": {"": str(rules.room)},
        "levels": {str(level): _level(found) for level, found in rules.levels.items()},
        "seed": {"": str(rules.seed)},
        "without": {rule.value: "" for rule in sorted(rules.off, key=lambda each: each.value)},
    }


def _values(of: Reminding | LowBalance) -> dict[str, str]:
    return {each.name: str(getattr(of, each.name)) for each in fields(of)}


def _level(of: LevelRules) -> str:
    return f"{of.delay} d, {of.notice}, {of.extra_credit}, {of.outreach.value}"
