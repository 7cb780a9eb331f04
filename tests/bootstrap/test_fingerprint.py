"""What of the configuration a state remembers, and what it makes of another one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.bootstrap.fingerprint import check_clock, differences, facts_of, network_of, refuse_foreign
from nfemu.model.errors import Conflict
from nfemu.settings import Configuration, load
from nfemu.store.state_file import Header
from tests.journeys.carrier import CONFIG
from tests.store.people import START
from tests.store.test_state_file import HEADER


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return load(CONFIG)


def header(configuration: Configuration, **changed: object) -> Header:
    return replace(HEADER, **{"network": network_of(configuration), **changed})  # type: ignore[arg-type]  # its fields


@pytest.mark.parametrize(
    ("place", "value", "line"),
    [
        ("policies.profiles.arrears.rate", "2M", "policies.yaml: profile arrears is another one than when the"),
        ("dunning.detection.enabled", False, "dunning.yaml: detection.enabled is another one than when the state"),
        ("carrier.language", "en", "carrier.yaml: language is another one than when the state was saved"),
        ("subscribers.attach", "none", None),
        ("carrier.proxy.workers", 1, None),
        ("carrier.access", "proxy", None),
    ],
)
def test_each_difference_is_a_line(configuration: Configuration, place: str, value: object, line: str | None) -> None:
    """Where the carrier is reached, and by what, is no matter of a state."""
    found = differences(facts_of(configuration), facts_of(load(CONFIG, {place: value})))
    assert len(found) == (line is not None)
    assert all(each.startswith(str(line)) for each in found)


def test_the_same_files_differ_in_nothing(configuration: Configuration) -> None:
    assert differences(facts_of(configuration), facts_of(load(CONFIG))) == []


def test_what_has_come_and_what_has_gone() -> None:
    assert differences({"apns.yaml": {"pool a": "1"}}, {"apns.yaml": {"pool b": "1"}}) == [
        "apns.yaml: pool a is not there any more",
        "apns.yaml: pool b is new since the state was saved",
    ]


def test_a_state_of_another_network_is_refused(configuration: Configuration) -> None:
    foreign = header(configuration, network={**network_of(configuration), "plmn": "460-01", "currency": "EUR"})
    with pytest.raises(Conflict, match="`plmn` 460-01 is 460-00 here, `currency` EUR is CNY here"):
        refuse_foreign("x", foreign, configuration, START)


def test_business_time_goes_back_under_a_test_clock_only(configuration: Configuration) -> None:
    ahead = header(configuration, business_time=START + timedelta(days=1))
    with pytest.raises(Conflict, match=r"stands at 2026-11-02T08:00:00.*, ahead of the wall clock"):
        refuse_foreign("x", ahead, configuration, START)
    refuse_foreign("x", ahead, load(CONFIG, {"carrier.clock": "test"}), START)
    refuse_foreign("x", replace(ahead, clock="wall"), configuration, START)
    refuse_foreign("x", header(configuration), configuration, START)


def test_the_wall_clock_is_not_set_by_a_load(configuration: Configuration) -> None:
    check_clock(None, configuration, START)
    with pytest.raises(Conflict, match="business time is the wall clock here"):
        check_clock(START, configuration, None)
