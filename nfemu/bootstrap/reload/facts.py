"""Two versions of a file, compared as facts: subject, what about it, value."""

from collections.abc import Callable, Iterator, Mapping

from nfemu.web.api.backend import ConfigChange

Facts = Mapping[str, Mapping[str, str]]
"""Subject → what → value. An empty value: it is there or it is not. An empty what: the subject itself."""


def no_note(_: str) -> str:
    """Nothing to say about the subject."""
    return ""


def lines(count: int, kind: str) -> str:
    """`1 open line`, `2 restricted lines`."""
    return f"{count} {kind} line{'' if count == 1 else 's'}"


def differing(file: str, before: Facts, after: Facts, note: Callable[[str], str] = no_note) -> Iterator[ConfigChange]:
    """Each difference; a subject that comes or goes is one. `note` says whom a subject concerns."""
    for subject in [*before, *(name for name in after if name not in before)]:
        for change in _changes(before.get(subject), after.get(subject)):
            yield ConfigChange(file, subject, change, note(subject))


def _changes(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> Iterator[str]:
    if old is None or new is None:
        yield "new" if old is None else "removed"
        return
    for what in [*old, *(name for name in new if name not in old)]:
        was, becomes = old.get(what), new.get(what)
        if was is None:
            yield f"+ {what}" if not becomes else f"+ {what} {becomes}"
        elif becomes is None:
            yield f"- {what}"
        elif was != becomes:
            yield f"{what} {was} → {becomes}".lstrip()
