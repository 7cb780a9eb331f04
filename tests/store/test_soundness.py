"""Rows that a store would take and no life could go on with."""

from collections.abc import Callable

import pytest

from nfemu.model.errors import Conflict
from nfemu.store import SqlStore
from nfemu.store.content import Part
from nfemu.store.soundness import check
from tests.store.test_exchange import filled

Content = tuple[list[Part], int]


@pytest.fixture
async def content(sqlite_url: str) -> Content:
    """With its number of subscribers."""
    store = SqlStore(sqlite_url)
    await store.open()
    parts = list(await filled(store))
    await store.close()
    return parts, sum(len(part.rows) for part in parts if part.table == "subscriber")


def changed(table: str, column: str, value: str | int) -> Callable[[Part], Part]:
    def change(part: Part) -> Part:
        if part.table != table:
            return part
        at = part.columns.index(column)
        return Part(table, part.columns, [[*row[:at], value, *row[at + 1 :]] for row in part.rows])

    return change


async def test_what_a_carrier_wrote_is_sound(content: Content) -> None:
    parts, subscribers = content
    check("x", parts, subscribers)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed("session", "ue_ipv4", "300.45.0.2"), "row 1 of `session` .*300"),
        (changed("subscriber", "ordered", "maybe"), "row 1 of `subscriber` .*maybe"),
        (changed("notice", "kind", "rumour"), "row 1 of `notice` .*rumour"),
        (changed("ledger", "at", 10**30), "row 1 of `ledger` "),
        (changed("event", "detail", "{"), "row 1 of `event` "),
        (lambda part: Part("nosuch", part.columns, part.rows), "no table `nosuch`"),
        (lambda part: Part(part.table, part.columns, [row[1:] for row in part.rows]), "row 1 of `"),
    ],
)
async def test_what_is_not_is_named(change: Callable[[Part], Part], said: str, content: Content) -> None:
    parts, subscribers = content
    with pytest.raises(Conflict, match=f"the state `x` cannot be a carrier's: .*{said}"):
        check("x", [change(part) for part in parts], subscribers)


async def test_the_header_and_the_content_say_the_same(content: Content) -> None:
    parts, subscribers = content
    with pytest.raises(Conflict, match=f"says that it has 99 subscribers, and has {subscribers};"):
        check("x", parts, 99)
