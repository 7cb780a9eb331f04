"""Who the people are: by shares, the same for a seed, and none of them changed by how many there are."""

from nfemu.model.subscriber import CardRole
from tests.simulation.making import people, setting


def test_a_person_more_changes_nothing_for_the_others() -> None:
    assert people(400)[:50] == people(50)


def test_another_seed_makes_others() -> None:
    assert people(50, seed=2) != people(50)


def test_numbers_and_names_are_given_once() -> None:
    cards = [card for person in people() for card in person.cards]
    assert len({card.imsi for card in cards}) == len({card.msisdn for card in cards}) == len(cards)
    assert all(card.account == person.account.id for person in people() for card in person.cards)


def test_the_main_card_comes_first_and_is_one() -> None:
    for person in people():
        assert [card.role for card in person.cards] == [CardRole.MAIN, CardRole.SECONDARY][: len(person.cards)]


def test_shares_are_those_of_the_configuration() -> None:
    everybody = people()
    seconds = sum(len(person.cards) == 2 for person in everybody)
    bound = sum(person.main.wechat for person in everybody)
    assert abs(seconds - 0.15 * 400) < 20
    assert abs(bound - 0.65 * 400) < 30
    assert {person.account.level for person in everybody} == set(range(1, 11))


def test_a_balance_is_whole_and_lies_between_nothing_and_three_months() -> None:
    for person in people():
        assert isinstance(person.opening.minor, int)
        assert 0 <= person.opening.minor <= 3 * person.fees.minor
        assert person.fees.minor >= len(person.cards) * 2900


def test_the_clock_begins_before_the_first_reminder_of_the_month_before() -> None:
    its = setting()
    assert (its.begins - its.opens).days == 4
    assert (its.ends - its.begins).days == 30
