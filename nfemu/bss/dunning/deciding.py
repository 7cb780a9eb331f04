"""The decision: a pure function of rules, situation and time.

Where several things could be said, the graver one is: whoever is noticed or stopped now is not reminded as well. The
same situation at the same moment gives the same plan, and once its actions are part of the situation, nothing more.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from nfemu.bss.dunning.actions import Action, CancelStop, Plan, Spared
from nfemu.bss.dunning.case import Case, Part, together
from nfemu.bss.dunning.classic import stopping_by_night
from nfemu.bss.dunning.following_up import fallbacks
from nfemu.bss.dunning.outcome import carried_out
from nfemu.bss.dunning.reminding import forecast, low_balance, month_end, wave
from nfemu.bss.dunning.rules import DunningRules, Policy
from nfemu.bss.dunning.situation import Situation
from nfemu.bss.dunning.stopping import is_announced, stopping

_SOON = timedelta(seconds=1)


def decide_dunning(rules: DunningRules, situation: Situation, now: datetime) -> Plan:
    """What is to be done, and when to look again. Under `immediate` nothing: movements of the ledger do it all."""
    now = now.astimezone(UTC)
    actions, wake_at = together(_parts(Case(rules, situation, now)), now)
    if all(isinstance(action, Spared) for action in actions):
        return Plan(actions, wake_at)
    following, wake_at = together(_parts(Case(rules, carried_out(situation, actions, now), now)), now)
    if _does_more(following):
        # A stop that was withdrawn makes way for the next one, which large arrears bring at once (S24). That is
        # decided on what the withdrawal has left.
        wake_at = now + _SOON
    return Plan(actions, wake_at)


def _does_more(following: Sequence[Action]) -> bool:
    """Than what was just decided, which is said once more where only time tells that it is done."""
    return not all(isinstance(action, CancelStop | Spared) for action in following)


def _parts(case: Case) -> list[Part]:
    if case.rules.policy is Policy.GRADED:
        return _graded(case)
    return [stopping_by_night(case)] if case.rules.policy is Policy.CLASSIC else []


def _graded(case: Case) -> list[Part]:
    stops = stopping(case)
    if is_announced(case) or not all(isinstance(action, CancelStop | Spared) for action in stops.actions):
        return [stops]
    return [stops, month_end(case), wave(case), forecast(case), low_balance(case), *fallbacks(case)]
