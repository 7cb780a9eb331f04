"""Months of the shipped configuration's people."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

from nfemu.bootstrap.conversion import carrier_rules
from nfemu.model.notices import Channel, Notice, NoticeKind
from nfemu.settings import Configuration, load
from nfemu.simulation.month import Setting
from nfemu.simulation.population import Numbering, Person
from nfemu.simulation.responses import Nature
from tests.store.people import notice

MONTH = date(2026, 11, 1)
POLICIES = ("immediate", "classic", "graded")
_CONFIG = Path(__file__).parents[2] / "config"


def configuration(policy: str, more: Mapping[str, object] | None = None) -> Configuration:
    return load(_CONFIG, {"dunning.policy": policy, **(more or {})})


def setting(policy: str = "graded", people: int = 50, seed: int = 1) -> Setting:
    its = configuration(policy)
    numbering = Numbering(its.carrier.plmn, its.carrier.country_code, its.carrier.currency)
    return Setting(carrier_rules(its), its.simulation, numbering, MONTH, people, seed)


@cache
def people(count: int = 400, seed: int = 1) -> list[Person]:
    return setting("immediate", count, seed).people()


def nature(seed: int = 1) -> Nature:
    its = setting()
    return Nature(its.simulation.behaviour, seed, its.rules.fees.zone)


def message(kind: NoticeKind, channel: Channel) -> Notice:
    return replace(notice("ntc-1"), kind=kind, channel=channel)
