"""The state folder: what is secret in it, who may read that, how old the token is, and how much room there is."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from nfemu.cli.diagnosis.check import Check, Health
from nfemu.client.state import StateFolder

_OLD_TOKEN_D = 90
_DAY_S = 86_400
_LITTLE = 500 * 2**20
_TOO_LITTLE = 50 * 2**20
"""Octets; the log, the store and SQLite's own log grow in the state folder."""


def folder(state: StateFolder) -> Iterator[Check]:
    """The folder itself, what is secret in it, and the disk below it."""
    if not state.path.is_dir():
        yield Check("state folder", Health.OK, f"`{state.path}` is not there yet; the first start makes it, mode 700")
        yield _room(next(parent for parent in state.path.parents if parent.is_dir()))
        return
    yield _private("state folder", state.path, "chmod 700")
    opened = [each for each in _secrets(state) if _mode(each) & 0o077]
    yield from (_private("secret file", each, "chmod 600") for each in opened)
    if not opened:
        yield Check("secret files", Health.OK, f"{len(_secrets(state))} files, closed to other users")
    yield from _token_age(state.api_token)
    yield _room(state.path)


def _secrets(state: StateFolder) -> list[Path]:
    """Keys, tokens, and what names subscribers."""
    keys = [*state.keys.glob("*"), state.path / "ca" / "ca.key", *state.path.glob("*.token")]
    data = [*state.path.glob("nfemu.sqlite*"), state.log_file]
    return [path for path in (*keys, *data) if path.is_file()]


def _private(about: str, path: Path, command: str) -> Check:
    mode, owner = _mode(path), path.stat().st_uid
    if mode & 0o077:
        advice = (
            f"`{command} {path}`; if others may have read a key or token, delete it: the next start makes a new one"
        )
        return Check(about, Health.PROBLEM, f"`{path}` is open to other users (mode {mode:o})", advice)
    if owner != os.geteuid():
        advice = f"use nfemu as user {owner}, or another folder (`--state`)"
        return Check(about, Health.WARNING, f"`{path}` belongs to user {owner}, not to you", advice)
    return Check(about, Health.OK, f"`{path}`, closed to other users")


def _token_age(path: Path) -> Iterator[Check]:
    if not path.is_file():
        return
    days = int((time.time() - path.stat().st_mtime) // _DAY_S)
    if days < _OLD_TOKEN_D:
        yield Check("API token", Health.OK, f"{days} days old")
    else:
        advice = f"`nfemu down`, delete `{path}`, `nfemu up`: a new one is made"
        yield Check("API token", Health.WARNING, f"{days} days old", advice)


def _room(path: Path) -> Check:
    free = shutil.disk_usage(path).free
    text = f"{free // 2**20} MiB free in `{path}`"
    if free >= _LITTLE:
        return Check("disk", Health.OK, text)
    advice = "make room: with a full disk nothing is booked, and restricted lines stay restricted"
    return Check("disk", Health.PROBLEM if free < _TOO_LITTLE else Health.WARNING, text, advice)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
