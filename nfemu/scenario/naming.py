"""What the scenarios of one run are called in the names of captures and in JUnit XML: each otherwise."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path


def names_of(files: Sequence[Path]) -> list[str]:
    """As its file; with the folder before it where another file of the run is called so: `billing-paid`. What is
    played several times, and what is still the same, is numbered in order: `paid`, `paid-2`.
    """
    named = Counter(file.stem for file in {file.absolute() for file in files})
    wanted = [file.stem if named[file.stem] == 1 else f"{file.absolute().parent.name}-{file.stem}" for file in files]
    return list(_numbered(wanted))


def _numbered(names: Sequence[str]) -> Iterator[str]:
    """No number makes it what another one is called by itself."""
    used, taken = Counter[str](), set(names)
    for name in names:
        used[name] += 1
        unlike = name
        while used[name] > 1 and unlike in taken:
            unlike = f"{name}-{used[name]}"
            used[name] += unlike in taken
        taken.add(unlike)
        yield unlike
