"""A carrier's overlay: the same files once more, in `carriers/NAME/`, with what differs (G15).

    in the overlay                         becomes
    ------------------------------------   ---------------------------------------------
    a mapping over a mapping               both, key by key
    a list, a plain value                  itself; what was there is gone, lists as a whole
    a key with nothing behind it           nothing: the key is taken away
    a file that the base does not have     itself

What is wrong is reported where it was written: in the overlay's file, or in the base's.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nfemu.files.findings import ConfigurationError, Finding, nearest
from nfemu.files.source import Source, ValuePath, dotted, read_yaml

FOLDER = "carriers"


def carriers(config_dir: Path) -> list[str]:
    """The carriers that the configuration has overlays for."""
    return sorted(path.name for path in (config_dir / FOLDER).glob("*") if path.is_dir())


def lay_over(config_dir: Path, carrier: str, sources: Mapping[str, Source]) -> list[Finding]:
    """Put the overlay's values into `sources`. Raises ConfigurationError where there is no such carrier."""
    known = carriers(config_dir)
    if carrier not in known:
        text = f"there is no carrier `{carrier}`; {nearest(carrier, known)}"
        raise ConfigurationError([Finding(str(config_dir / FOLDER), 0, text)])
    findings = []
    for path in sorted((config_dir / FOLDER / carrier).iterdir()):
        source = sources.get(path.stem)
        if path.suffix == ".yaml" and source is not None:
            _Overlay(source, read_yaml(path, str(path))).merge()
        elif path.suffix in {".yaml", ".yml"}:
            files = [f"{name}.yaml" for name in sources]
            text = f"is not a file of the configuration and would be ignored; {nearest(path.name, files)}"
            findings.append(Finding(str(path), 0, text))
    return findings


class _Overlay:
    """One file over another."""

    def __init__(self, base: Source, over: Source) -> None:
        self._base = base
        self._over = over

    def merge(self) -> None:
        """Where the overlay cannot be read, nothing that the base lacks or holds is worth a finding."""
        self._merge(self._base.data, self._over.data, ())
        self._base.findings += self._over.findings
        self._base.broken = self._base.broken or self._over.broken

    def _merge(self, base: dict[str, Any], over: Mapping[str, Any], path: ValuePath) -> None:
        for key, value in over.items():
            inner = (*path, key)
            known = base.get(key)
            if isinstance(value, dict) and isinstance(known, dict):
                self._base.move(inner, self._over)
                self._merge(known, value, inner)
            elif value is not None:
                base[key] = value
                self._base.take_over(inner, self._over)
            elif known is not None:
                del base[key]
                self._base.take_over(inner, self._over)
            else:
                text = (
                    f"`{dotted(inner)}` takes nothing away, since nothing is there; write a value, or remove the line"
                )
                self._over.report(inner, text)
