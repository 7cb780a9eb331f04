"""Writes that go together: what each of them sees, and what one that fails does to the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from nfemu.model.errors import Conflict, Unavailable
from nfemu.store.database import Database, parse_url
from nfemu.store.grouping import Grouping, Work


class Counted:
    """A real database, and how many transactions it was asked for."""

    def __init__(self, path: Path) -> None:
        self.database = Database(parse_url(f"sqlite:///{path}"))
        self.transactions = 0
        self.fails = False

    def write(self, work: Work) -> object:
        self.transactions += 1
        if self.fails:
            raise Unavailable("the disk is full")
        return self.database.write(work)


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    counted = Counted(tmp_path / "grouped.sqlite")
    counted.database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE seen (n INTEGER PRIMARY KEY)"))
    yield counted
    counted.database.close()


def seeing(number: int) -> Work:
    """Writes `number`; gives all that is there then."""

    def work(connection: Connection) -> list[int]:
        connection.exec_driver_sql("INSERT INTO seen VALUES (?)", (number,))
        return [row[0] for row in connection.exec_driver_sql("SELECT n FROM seen ORDER BY n")]

    return work


def refused(_: Connection) -> None:
    raise Conflict("it is there already")


def test_those_that_wait_go_together_in_their_order(counted: Counted) -> None:
    grouping = Grouping(counted.write)
    writes = [grouping.add(seeing(number)) for number in (1, 2, 3)]
    assert [grouping.finish(write) for write in writes] == [[1], [1, 2], [1, 2, 3]]
    assert counted.transactions == 1


def test_a_refused_one_takes_nobody_with_it(counted: Counted) -> None:
    grouping = Grouping(counted.write)
    first, wrong, last = grouping.add(seeing(1)), grouping.add(refused), grouping.add(seeing(2))
    assert grouping.finish(first) == [1]
    with pytest.raises(Conflict, match="there already"):
        grouping.finish(wrong)
    assert grouping.finish(last) == [1, 2]


def test_what_the_database_cannot_do_is_not_tried_again(counted: Counted) -> None:
    grouping = Grouping(counted.write)
    writes = [grouping.add(seeing(number)) for number in (1, 2)]
    counted.fails = True
    for write in writes:
        with pytest.raises(Unavailable, match="disk is full"):
            grouping.finish(write)
    assert counted.transactions == 1
    counted.fails = False
    assert grouping.finish(grouping.add(seeing(3))) == [3]


def test_what_nobody_wants_any_more_is_not_written(counted: Counted) -> None:
    grouping = Grouping(counted.write)
    gone, wanted = grouping.add(seeing(1)), grouping.add(seeing(2))
    gone.done = True
    assert grouping.finish(wanted) == [2]


def test_a_group_has_an_end(counted: Counted) -> None:
    grouping = Grouping(counted.write)
    writes = [grouping.add(seeing(number)) for number in range(100)]
    assert len(grouping.finish(writes[0])) == 1
    assert len(grouping.finish(writes[-1])) == 100
    assert counted.transactions == 2
