"""Dunning: who is reminded, noticed and stopped, when, and by which rule.

* `movement`: what a change of the ledger means for the lines of an account at once, under every policy.
* `deciding.decide_dunning`: what the policies that take their time do with an account at a moment, and when they have
  to look at it again. A pure function of rules, situation and time; every action names its rule.

The rules themselves are values (`rules`), with one switch for each S rule.
"""

from nfemu.bss.dunning.movement import Movement, moved, movement
from nfemu.bss.dunning.rules import DunningRules, Policy, Rule

__all__ = ["DunningRules", "Movement", "Policy", "Rule", "moved", "movement"]
