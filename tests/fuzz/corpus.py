"""The seeds: `tests/corpus/TARGET/NAME`, each a file, with where it comes from in `tests/corpus/README.md`."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "corpus"


def seeds(target: str) -> dict[str, bytes]:
    """By file name, in its order."""
    return {path.name: path.read_bytes() for path in sorted((FOLDER / target).iterdir())}
