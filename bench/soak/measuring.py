"""What processes hold: memory, descriptors, threads; and how large the database is. From proc(5)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holding:
    """One process at one moment. Memory in KiB; PSS counts shared pages by share."""

    rss: int
    pss: int
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Holding":
        """Raises OSError when the process is gone."""
        proc = Path(f"/proc/{pid}")
        memory = _numbers((proc / "smaps_rollup").read_text())
        threads = _numbers((proc / "status").read_text())["Threads"]
        return cls(memory["Rss"], memory["Pss"], len(list((proc / "fd").iterdir())), threads)

    def __str__(self) -> str:
        return (
            f"RSS {self.rss / 1024:.1f} MiB, PSS {self.pss / 1024:.1f} MiB, {self.descriptors} fd, {self.threads} thr"
        )


def _numbers(text: str) -> dict[str, int]:
    """`Name:  123 kB` lines; others are left out."""
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        first = rest.split()[:1]
        if first and first[0].isdigit():
            found[name] = int(first[0])
    return found


def database_size(folder: Path) -> dict[str, int]:
    """Octets of the database's files, by name."""
    return {path.name: path.stat().st_size for path in sorted(folder.glob("nfemu.sqlite*"))}
