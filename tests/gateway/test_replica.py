from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.gateway.replica import LineTable, Replica
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi
from tests.gateway.samples import line


@given(st.permutations([line(version=version) for version in range(1, 6)]))
def test_the_highest_version_wins_in_any_order(states: list) -> None:  # type: ignore[type-arg]  # of LineState
    table = LineTable(states)
    held = table.get(line().msisdn)
    assert held is not None
    assert held.version == 5


def test_a_replay_is_harmless() -> None:
    table = LineTable()
    assert table.put(line(version=2))
    assert not table.put(line(version=2))
    assert not table.put(line(version=1))
    assert len(table) == 1


def test_a_subscriber_with_a_new_number_leaves_the_old_one() -> None:
    table = LineTable([line()])
    table.put(replace(line(version=2), msisdn=line(1).msisdn))
    assert table.get(line().msisdn) is None
    assert table.get(line(1).msisdn) is not None


def test_a_number_that_went_to_another_subscriber_stays_with_that_one() -> None:
    table = LineTable([line()])
    other = replace(line(version=7), imsi=Imsi("460009999999999"))
    table.put(other)
    table.put(replace(line(version=2), msisdn=line(1).msisdn))
    assert table.get(line().msisdn) == other


def test_without_rules_nothing_can_be_judged() -> None:
    with pytest.raises(Unavailable):
        Replica().rules()
