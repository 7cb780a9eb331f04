"""Chromium on a line: it reads the authorities of its user, not those in the environment, so it gets a home of its own.

Whoever starts it there, a shell, `env` or a script, finds it by name in a folder that is first on PATH. What is there
gives it that home and becomes it. So a browser of the caller's, which is not on the line, is never asked to open a
window. What no name on PATH leads to, such as Playwright's own, keeps the caller's home; of that, the certificate
stores are covered on IP bearers. Nothing of the caller's is written to.
"""

import fcntl
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nfemu.client.state import StateFolder
from nfemu.model.errors import Unavailable

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "chrome-headless-shell",
)
_LEADING_HOME = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "CHROME_CONFIG_HOME", "CHROME_USER_DATA_DIR")
_NICKNAME = "nfemu"
_STORE = Path(".pki/nssdb")


@dataclass(frozen=True, slots=True)
class Browsers:
    """What the browsers of one line share: `home`, where the emulator's CA is trusted."""

    home: Path
    by_name: Path
    """Folder of programs with Chromium's names."""
    at_home: Path
    """Program that becomes what its arguments say, at home."""
    store: Path

    def found_first(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with them in front of the others on PATH."""
        return {**environ, "PATH": f"{self.by_name}{os.pathsep}{environ.get('PATH', os.defpath)}"}

    def led(self, program: Sequence[str]) -> Sequence[str]:
        """`program`, at home where it is Chromium by its path."""
        first = Path(program[0])
        is_one = first.name in _NAMES and "/" in program[0] and first.is_file()
        return (str(self.at_home), *program) if is_one else program

    def covers(self, environ: Mapping[str, str]) -> dict[Path, Path]:
        """The caller's certificate stores, as far as there are any, and what covers them."""
        home = Path(environ.get("HOME", "/"))
        data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
        theirs = (home / _STORE, data / "pki/nssdb")
        return {store: self.store for store in theirs if store.is_dir()} if self.store.is_dir() else {}


def installed() -> str | None:
    """The first of them on PATH."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def browsers_of(environ: Mapping[str, str], state: StateFolder, number: str) -> Browsers:
    """Those of line `number`, with the present CA. Raises Unavailable where their folder cannot be made."""
    home = state.path / "homes" / number
    browsers = Browsers(home, home / "bin", home / "at-home", home / _STORE)
    try:
        with _as_owner(state.path):
            browsers.by_name.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (home / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # commands of one line may begin at once
                _write(browsers.at_home, _becoming(home, _trust(home, state.ca)))
                _name(browsers, _found(environ, state))
    except OSError as error:
        raise Unavailable(f"`{home}`: {error.strerror}; the state folder must be writable") from None
    return browsers


@contextmanager
def _as_owner(folder: Path) -> Iterator[None]:
    """Root leaves nothing in a folder of somebody else's that its owner could not use. Raises OSError."""
    user, group, owner = os.geteuid(), os.getegid(), folder.stat()
    if user != 0 or owner.st_uid == 0:
        yield
        return
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(user)
        os.setegid(group)


def _name(browsers: Browsers, found: Mapping[str, str]) -> None:
    """Raises OSError."""
    for name in _NAMES:
        if name in found:
            _write(
                browsers.by_name / name, f'exec {shlex.quote(str(browsers.at_home))} {shlex.quote(found[name])} "$@"'
            )
        else:
            (browsers.by_name / name).unlink(missing_ok=True)


def _found(environ: Mapping[str, str], state: StateFolder) -> dict[str, str]:
    """Each of their names that is one on PATH, and its program; not those that we have put there."""
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if not Path(folder).is_relative_to(state.path / "homes"))
    return {name: found for name in _NAMES if (found := shutil.which(name, path=path))}


def _becoming(home: Path, why: str) -> str:
    """Shell. `why` the browser will not trust the emulated Internet, else empty."""
    warning = f"nfemu: Chromium will not trust the emulated Internet: {why}"
    return "\n".join(
        (
            *([f"echo {shlex.quote(warning)} >&2"] if why else []),
            '[ -n "$XAUTHORITY" ] || [ ! -e "$HOME/.Xauthority" ] || export XAUTHORITY="$HOME/.Xauthority"',
            f"unset {' '.join(_LEADING_HOME)}",
            f"export HOME={shlex.quote(str(home))}",
            'exec "$@"',
        )
    )


def _write(file: Path, script: str) -> None:
    """Whoever is running it goes on with what it was."""
    text = f"#!/bin/sh\n{script}\n"
    if file.exists() and file.read_text() == text:
        return
    part = file.with_suffix(".part")
    part.write_text(text)
    part.chmod(0o700)
    part.replace(file)


def _trust(home: Path, ca: Path) -> str:
    """The present CA, whichever was there before. Why that cannot be, else empty. Raises OSError."""
    trusted, present = home / "trusted.pem", ca.read_bytes()
    if trusted.exists() and trusted.read_bytes() == present:
        return ""
    certutil = shutil.which("certutil")
    if certutil is None:
        return "`certutil` is missing (sudo apt-get install -y libnss3-tools)"
    database = home / _STORE
    fresh = not (database / "cert9.db").exists()
    database.mkdir(mode=0o700, parents=True, exist_ok=True)
    with_database = [certutil, "-d", f"sql:{database}"]
    first = ["-N", "--empty-password"] if fresh else ["-D", "-n", _NICKNAME]
    subprocess.run([*with_database, *first], capture_output=True, check=False)  # noqa: S603 - on the caller's own PATH
    added = subprocess.run(  # noqa: S603
        [*with_database, "-A", "-n", _NICKNAME, "-t", "C,,", "-i", str(ca)], capture_output=True, text=True, check=False
    )
    if added.returncode != 0:
        return f"`certutil` says: {added.stderr.strip()}"
    trusted.write_bytes(present)
    return ""
