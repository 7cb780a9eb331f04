"""The one table: its whole matrix, and what every row must respect."""

from itertools import product

import pytest

from nfemu.bss.dunning import Movement
from nfemu.carrier.transitions import TABLE, Aim, ByHand, Demand, Dunned, Trigger, respond
from nfemu.model.errors import Conflict
from nfemu.model.subscriber import Hold

TRIGGERS: list[Trigger] = [*Movement, *Dunned, *ByHand]
UNLISTED = {
    # A line that is held restricted aims at restricted, one that is held open aims at open: no other pair exists.
    *product([Hold.RESTRICT], [Aim.OPEN], TRIGGERS),
    *product([Hold.RESTORE], [Aim.RESTRICTED], TRIGGERS),
    # A person's word that changes nothing is refused.
    (Hold.RESTRICT, Aim.RESTRICTED, ByHand.RESTRICT),
    *product([Hold.NONE, Hold.RESTORE], [Aim.OPEN], [ByHand.RESTORE_OWING, ByHand.RESTORE_CLEARED]),
}


@pytest.mark.parametrize(("hold", "aim", "trigger"), list(product(Hold, Aim, TRIGGERS)))
def test_the_whole_matrix(hold: Hold, aim: Aim, trigger: Trigger) -> None:
    if (hold, aim, trigger) in UNLISTED:
        with pytest.raises(Conflict, match=f"the line is {aim.value} .hold: {hold.value}."):
            respond(hold, aim, trigger)
    else:
        assert respond(hold, aim, trigger) == TABLE[hold, aim, trigger]


@pytest.mark.parametrize(("key"), list(TABLE))
def test_every_row_leads_to_a_state_that_exists(key: tuple[Hold, Aim, Trigger]) -> None:
    _, aim, _ = key
    response = TABLE[key]
    after = {Demand.NOTHING: aim, Demand.STOP: Aim.RESTRICTED, Demand.RESUME: Aim.OPEN, Demand.WITHDRAW: Aim.OPEN}[
        response.demand
    ]
    assert any((response.hold, after, trigger) in TABLE for trigger in TRIGGERS)
    assert response.demand is Demand.NOTHING or after is not aim, "an order changes something"


def test_only_a_person_lifts_a_restriction_by_hand() -> None:
    lifted = {
        trigger for (hold, _, trigger), row in TABLE.items() if hold is Hold.RESTRICT and row.hold is not Hold.RESTRICT
    }
    assert lifted == {ByHand.RESTORE_OWING, ByHand.RESTORE_CLEARED}


def test_the_ledger_never_sets_a_hold() -> None:
    for (hold, _, trigger), row in TABLE.items():
        if isinstance(trigger, Movement | Dunned):
            assert row.hold in (hold, Hold.NONE)


def test_in_grace_nobody_is_stopped_and_nobody_resumes() -> None:
    """S25, S27."""
    for (_, _, trigger), row in TABLE.items():
        if trigger in (Movement.TURNED_OWING, Movement.STILL_OWING):
            assert row.demand is Demand.NOTHING


def test_where_dunning_takes_its_time_only_its_own_word_stops() -> None:
    """S22."""
    for (_, _, trigger), row in TABLE.items():
        if isinstance(trigger, Dunned):
            assert row.demand is Demand.NOTHING or trigger in (Dunned.STOP, Dunned.WITHDRAW)
