"""Onto a phone's line: this process's children live in the phone's network, under the core's first process.

Traffic is what is kept apart, files are not: user, folder, environment and terminal stay the caller's. The standard
library only, since commands answer at once.
"""

import contextlib
import os
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from nfemu.gateway.bearer.network.system import (
    Namespace,
    bind,
    die_with_parent,
    enter,
    keep_capability,
    mount_proc,
    own_mounts,
)
from nfemu.model.errors import Unavailable

_RESOLV_CONF = Path("/etc/resolv.conf")
_CAP_NET_RAW = 13
"""ping(8) opens a raw socket."""
_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_FROM_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
"""The terminal sends these to the program as well."""


def run_on_line(core: int, network: int, resolvers: Sequence[str], become: Callable[[], None]) -> int:
    """Fork; the child is on the line and calls `become`, which execs. The child's exit status, as a shell tells it.

    `core` is the core's process id and `network` the descriptor by which it holds the phone's network. Ends this
    process by the same signal that ended the child. Raises Unavailable: no way onto the line.
    """
    try:
        _join(core, network)
        _resolve_by(resolvers)
    except OSError as error:
        raise Unavailable(
            f"there is no way onto the line ({error.strerror}); it is open to the carrier's own user, and to root"
        ) from None
    for number in _FROM_THE_TERMINAL:
        signal.signal(number, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        _become(become)
    return _status(child)


def _join(core: int, network: int) -> None:
    """Raises OSError."""
    process = Path(f"/proc/{core}")
    user, own = process / "ns/user", Path("/proc/self/ns/user")
    wanted = [(process / f"fd/{network}", Namespace.NETWORK), (process / "ns/pid", Namespace.PID)]
    if user.stat().st_ino != own.stat().st_ino:
        wanted.insert(0, (user, Namespace.USER))
    descriptors = [(os.open(path, os.O_RDONLY | os.O_CLOEXEC), kind) for path, kind in wanted]
    for descriptor, kind in descriptors:
        enter(descriptor, kind)
        os.close(descriptor)


def _resolve_by(resolvers: Sequence[str]) -> None:
    """Programs of this process find a resolv.conf that nobody else sees. Raises OSError."""
    own_mounts()
    with tempfile.NamedTemporaryFile("w", suffix=".resolv.conf") as file:
        file.write("".join(f"nameserver {address}\n" for address in resolvers))
        file.flush()
        Path(file.name).chmod(0o644)
        bind(Path(file.name), _RESOLV_CONF.resolve())


def _become(become: Callable[[], None]) -> None:
    """Never returns."""
    try:
        die_with_parent(0)  # as it looks from a PID namespace that the parent is not in
        for number in _FROM_THE_TERMINAL:
            signal.signal(number, signal.SIG_DFL)
        with contextlib.suppress(OSError):  # in some containers /proc then shows the processes outside, and that is all
            mount_proc()
        keep_capability(_CAP_NET_RAW)
        become()
    except SystemExit as ended:
        os._exit(ended.code if isinstance(ended.code, int) else 1)
    finally:
        os._exit(126)


def _status(child: int) -> int:
    def forward(number: int, _: FrameType | None) -> None:
        os.kill(child, number)

    for number in _FORWARDED:
        signal.signal(number, forward)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code
