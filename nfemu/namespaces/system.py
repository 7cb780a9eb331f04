"""System calls that Python 3.11 has no function for: namespaces(7), prctl(2), mount(2)."""

import ctypes
import os
import signal
from enum import IntFlag
from pathlib import Path


class Namespace(IntFlag):
    """Of sched.h."""

    MOUNT = 0x00020000
    USER = 0x10000000
    PID = 0x20000000
    NETWORK = 0x40000000


CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN = 10, 12, 13, 21
_PR_SET_PDEATHSIG = 1
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_libc = ctypes.CDLL(None, use_errno=True)


def unshare(kinds: Namespace) -> None:
    """Raises OSError."""
    _checked(_libc.unshare(int(kinds)), "unshare")


def enter(descriptor: int, kind: Namespace) -> None:
    """setns(2). Raises OSError."""
    _checked(_libc.setns(descriptor, int(kind)), "setns")


def die_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process `by` when `parent` dies, even by SIGKILL; exit at once if it already has."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, by, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise SystemExit("the control process is gone")


def has_capabilities(*capabilities: int) -> bool:
    """In effect in this process's user namespace. Raises OSError."""
    _, sets = _capabilities()
    return all(sets[3 * (each // 32)] >> each % 32 & 1 for each in capabilities)


def keep_capability(capability: int) -> None:
    """Over an exec too (capabilities(7), ambient set). Raises OSError."""
    header, sets = _capabilities()
    sets[2 + 3 * (capability // 32)] |= 1 << capability % 32
    _checked(_libc.capset(header, sets), "capset")
    _checked(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0), "prctl(PR_CAP_AMBIENT)")


def _capabilities() -> tuple["ctypes.Array[ctypes.c_uint32]", "ctypes.Array[ctypes.c_uint32]"]:
    """capget(2): its header, and effective, permitted and inheritable ones, 32 at a time. Raises OSError."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    sets = (ctypes.c_uint32 * 6)()
    _checked(_libc.capget(header, sets), "capget")
    return header, sets


def own_mounts() -> None:
    """A mount namespace whose mounts nobody else sees. Raises OSError."""
    unshare(Namespace.MOUNT)
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)


def bind(source: Path, target: Path) -> None:
    """Raises OSError."""
    _mount(str(source), str(target), None, _MS_BIND)


def mount_proc() -> None:
    """Over /proc, of the PID namespace that this process is in. Raises OSError."""
    _mount("proc", "/proc", "proc", 0)


def mount_sys() -> None:
    """Over /sys, of the network namespace that this process is in. Raises OSError."""
    _mount("sysfs", "/sys", "sysfs", 0)


def mount_empty(folder: Path) -> None:
    """What is in `folder` is out of sight; it may be filled anew. Raises OSError."""
    _mount("tmpfs", str(folder), "tmpfs", 0)


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    _checked(_libc.mount(*encoded, ctypes.c_ulong(flags), None), f"mount on {target}")


def _checked(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
