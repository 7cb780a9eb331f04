"""What points are told of one another's use (G7)."""

from nfemu.gateway.sharing import Sharing
from nfemu.model.identity import Imsi, PolicyName
from nfemu.model.usage import Allowance, Usage

ARREARS, OPEN = PolicyName("arrears"), PolicyName("open")
ZHANG, LI = Imsi("460001380013800"), Imsi("460001380013801")
KEY = (ZHANG, ARREARS)


def usage(octets: int, imsi: Imsi = ZHANG, policy: PolicyName = ARREARS) -> Usage:
    return Usage(imsi, policy, "portal", octets, octets)


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def sharing(time: Time) -> Sharing:
    return Sharing(lambda: frozenset({ARREARS}), time)


def test_each_is_told_of_the_others() -> None:
    it = sharing(Time())
    it.start_day({KEY: 5, (LI, OPEN): 7})
    assert it.known() == [KEY]
    assert (it.used(KEY), it.used((ZHANG, OPEN))) == (5, 0)
    assert it.add("one", [usage(10), usage(1, LI, OPEN)]) == [KEY]
    it.add("two", [usage(100)])
    assert it.allowances("one", [KEY]) == (Allowance(ZHANG, ARREARS, 205, 2),)
    assert it.allowances("two", [KEY]) == (Allowance(ZHANG, ARREARS, 25, 2),)
    assert it.allowances("three", [KEY]) == (Allowance(ZHANG, ARREARS, 225, 2),)


def test_a_line_that_is_limited_later_has_used_what_it_had_used_before() -> None:
    limited: set[PolicyName] = set()
    it = Sharing(lambda: frozenset(limited), Time())
    it.start_day({(LI, ARREARS): 5})
    assert it.add("one", [usage(10)]) == []
    assert it.known() == []
    limited.add(ARREARS)
    assert set(it.known()) == {KEY, (LI, ARREARS)}
    assert [each.others for each in it.allowances("two", it.known())] == [5, 20]
    assert [each.others for each in it.allowances("one", it.known())] == [5, 0]


def test_a_point_that_is_gone_leaves_what_it_has_reported() -> None:
    it = sharing(Time())
    it.add("one", [usage(10)])
    it.leave("one")
    it.leave("never there")
    assert it.allowances("two", [KEY]) == (Allowance(ZHANG, ARREARS, 20, 0),)


def test_a_point_that_is_idle_does_not_share_the_rate() -> None:
    time = Time()
    it = sharing(time)
    it.add("one", [usage(10)])
    time.now = 3.0
    it.add("two", [usage(10)])
    assert [each.sharers for each in it.allowances("two", [KEY])] == [1]


def test_a_day_begins_with_nothing() -> None:
    it = sharing(Time())
    it.add("one", [usage(10)])
    it.start_day({})
    assert (it.known(), it.allowances("one", [KEY])) == ([], (Allowance(ZHANG, ARREARS, 0, 0),))
