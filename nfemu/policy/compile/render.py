"""Tables and batches in the grammar of nft 1.0.6, which wants a line's end before `}` and has no `destroy`."""

from collections.abc import Iterator
from itertools import groupby
from typing import assert_never

from nfemu.policy.compile.table import (
    AT_ONCE,
    STEERED,
    Action,
    Batch,
    ByMark,
    ByStamp,
    Chain,
    Clear,
    Count,
    ElementSet,
    Field,
    Goto,
    Jump,
    Key,
    Match,
    NotIn,
    Put,
    Range,
    Redirect,
    Remove,
    Rule,
    SetMark,
    SetSource6,
    Stamp,
    State,
    Table,
    Value,
    Verdict,
    Within,
)

TABLE, LANES = "inet nfemu", "netdev nfemu"
_MOST_COUNTERS = 1 << 20
"""Of one direction; what would be more is forwarded and not counted."""
_MOST_PACED = 1 << 16
"""Interfaces; of more nothing passes."""


def render_table(table: Table, instead_of: Table | None = None) -> str:
    """One transaction after which these rules are in force and no others; elements stay, and so do open flows.

    `instead_of` is the table before, whose chains that are gone are removed. None: there may be none.
    """
    there = {chain.name for chain in table.chains}
    gone = [chain.name for chain in instead_of.chains if chain.name not in there] if instead_of is not None else []
    return "\n".join(
        [
            f"add table {TABLE}",
            f"flush table {TABLE}",
            *(f"delete chain {TABLE} {name}" for name in gone),
            f"table {TABLE} {{",
            *(line for one in table.sets for line in _set(one)),
            *(line for chain in table.chains for line in _chain(chain)),
            "}",
            "",
        ]
    )


def render_removal(table: str = TABLE) -> str:
    """Before `render_table`, in one transaction with it: no element stays of what is there."""
    return f"add table {table}\ndelete table {table}\n"


def render_batch(batch: Batch, table: str = TABLE) -> str:
    """One transaction. Neighbours that do the same with the same set are one command, which nft reads faster."""
    groups = groupby(batch, key=lambda one: (type(one), one.name))
    return "".join(f"{_operations(table, list(group))}\n" for _, group in groups)


def _set(one: ElementSet) -> Iterator[str]:
    yield f"\t{'map' if one.marks else 'set'} {one.name} {{"
    yield f"\t\ttype {' . '.join(one.types)}{' : mark' if one.marks else ''}"
    if one.expires:
        yield "\t\tflags timeout"
    if one.counts:
        yield from (f"\t\t{line}" for line in counting())
    if one.pace:
        yield from ("\t\tflags dynamic,timeout", "\t\ttimeout 1m", f"\t\tsize {_MOST_PACED}")
        yield f"\t\tlimit rate {one.pace}/second burst {AT_ONCE} packets"
    yield "\t}"


def counting() -> tuple[str, ...]:
    """What makes a set one whose elements count."""
    return "flags dynamic,timeout", "timeout 1h", f"size {_MOST_COUNTERS}", "counter"


def _chain(chain: Chain) -> Iterator[str]:
    yield f"\tchain {chain.name} {{"
    if chain.hook is not None:
        hook = chain.hook
        yield f"\t\ttype {hook.kind} hook {hook.place} priority {hook.priority}; policy {hook.policy.value};"
    for rule in chain.rules:
        yield f"\t\t{_rule(rule)}"
    yield "\t}"


def _rule(rule: Rule) -> str:
    return " ".join([*map(_match, rule.matches), _action(rule.action)])


def _match(match: Match) -> str:
    names = " . ".join(field.value for field in match.fields)
    if isinstance(match, Within):
        return f"update @{match.pace} {{ {names} }}"
    if isinstance(match, NotIn):
        return f"{names} != @{match.among}"
    if isinstance(match.among, str):
        return f"{names} @{match.among}"
    keys = [_key(key) for key in match.among]
    # A single one bare: nft 1.0.6 does not take `"ue*"` in braces.
    return f"{names} {keys[0]}" if len(keys) == 1 and len(match.fields) == 1 else f"{names} {{ {', '.join(keys)} }}"


def _action(action: Action) -> str:
    match action:
        case Verdict():
            return action.value
        case Jump(chain):
            return f"jump {chain}"
        case Goto(chain):
            return f"goto {chain}"
        case ByMark(chains):
            return f"meta mark vmap {{ {', '.join(f'{mark:#x} : goto {chain}' for mark, chain in chains)} }}"
        case ByStamp(flows):
            fields = " . ".join(field.value for field in (Field.STATE, Field.MARK, Field.FLOW_MARK))
            keys = (f"{State.ESTABLISHED.value} . {one.mark:#x} . {one.stamp:#x} : goto {one.chain}" for one in flows)
            return f"{fields} vmap {{ {', '.join(keys)} }}"
        case Redirect(port):
            return f"ct mark set {STEERED:#x} redirect to :{port}"
        case SetMark() | SetSource6() | Count() | Stamp():
            return _change(action)
        case _:  # pragma: no cover
            assert_never(action)


def _change(action: SetMark | SetSource6 | Count | Stamp) -> str:
    match action:
        case SetMark():
            return (
                f"meta mark set {action.field.value} map @{action.by}"
                if action.by
                else f"meta mark set {action.mark:#x}"
            )
        case SetSource6():
            return f"{Field.SOURCE6.value} set {action.address}"
        case Stamp(stamp):
            return f"{Field.FLOW_MARK.value} set {stamp:#x}"
        case Count():
            key = f"{action.line.value} . {Field.MARK.value}"
            return f"{Field.MARK.value} set {action.mark:#x} update @{action.into} {{ {key} }}"
        case _:  # pragma: no cover
            assert_never(action)


def _operations(table: str, alike: list[Put | Remove | Clear]) -> str:
    first = alike[0]
    if isinstance(first, Clear):
        return f"flush map {table} {first.name}"
    verb = "add" if isinstance(first, Put) else "delete"
    elements = ", ".join(_element(one) for one in alike if not isinstance(one, Clear))
    return f"{verb} element {table} {first.name} {{ {elements} }}"


def _element(one: Put | Remove) -> str:
    if isinstance(one, Remove):
        return _key(one.key)
    lasting = f" timeout {one.seconds}s" if one.seconds is not None else ""
    return _key(one.key) + lasting + (f" : {one.mark:#x}" if one.mark is not None else "")


def _key(key: Key) -> str:
    return " . ".join(_value(value) for value in key)


def _value(value: Value) -> str:
    if isinstance(value, Range):
        return str(value.first) if value.first == value.last else f"{value.first}-{value.last}"
    if isinstance(value, str):
        return f'"{value}"'
    return value.value if isinstance(value, State) else str(value)
