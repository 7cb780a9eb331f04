from nfemu.gateway.setbacks import Setbacks


def test_the_first_pause_is_none_and_each_further_one_is_longer_up_to_five_seconds() -> None:
    setbacks = Setbacks()
    assert [setbacks.ended(0) for _ in range(9)] == [0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0]
    assert setbacks.count == 9


def test_what_has_served_for_a_while_begins_anew() -> None:
    setbacks = Setbacks()
    assert [setbacks.ended(served) for served in (1, 1, 11, 1)] == [0.0, 0.1, 0.0, 0.1]
