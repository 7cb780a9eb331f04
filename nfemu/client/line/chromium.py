"""Chromium on a line: it reads the authorities of its user, not those in the environment, so it gets a home of its own.

The caller's home, profile and certificate store stay untouched.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from nfemu.client.state import StateFolder
from nfemu.model.errors import Unavailable

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_LEADING_HOME = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "CHROME_CONFIG_HOME", "CHROME_USER_DATA_DIR")
_NICKNAME = "nfemu"


def is_chromium(program: str) -> bool:
    return Path(program).name in _NAMES


def installed() -> str | None:
    """The first of them on PATH."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def at_home(environ: Mapping[str, str], state: StateFolder, number: str) -> dict[str, str]:
    """`environ` with the home that the browsers of line `number` share, where the emulator's CA is trusted.

    Raises Unavailable where that folder cannot be made.
    """
    home = state.path / "homes" / number
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"`{home}`: {error.strerror}; the state folder must be writable") from None
    _trust(home, state.ca)
    kept = {name: value for name, value in environ.items() if name not in _LEADING_HOME}
    display = Path(environ.get("HOME", "/"), ".Xauthority")
    if "XAUTHORITY" not in kept and display.exists():
        kept["XAUTHORITY"] = str(display)
    return {**kept, "HOME": str(home)}


def _trust(home: Path, ca: Path) -> None:
    """The present CA, whichever was there before. One line says so where that cannot be."""
    certutil = shutil.which("certutil")
    if certutil is None:
        _untrusting("`certutil` is missing (sudo apt-get install -y libnss3-tools)")
        return
    database = home / ".pki" / "nssdb"
    fresh = not (database / "cert9.db").exists()
    database.mkdir(mode=0o700, parents=True, exist_ok=True)
    with_database = [certutil, "-d", f"sql:{database}"]
    first = ["-N", "--empty-password"] if fresh else ["-D", "-n", _NICKNAME]
    subprocess.run([*with_database, *first], capture_output=True, check=False)  # noqa: S603 - on the caller's own PATH
    added = subprocess.run(  # noqa: S603
        [*with_database, "-A", "-n", _NICKNAME, "-t", "C,,", "-i", str(ca)], capture_output=True, text=True, check=False
    )
    if added.returncode != 0:
        _untrusting(f"`certutil` says: {added.stderr.strip()}")


def _untrusting(why: str) -> None:
    sys.stderr.write(f"nfemu: Chromium will not trust the emulated Internet: {why}\n")
