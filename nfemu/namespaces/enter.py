"""Onto a phone's line: this process's child lives in the phone's network, under the core's first process.

Traffic is what is kept apart, files are not: user, folder, environment and terminal stay the caller's. The standard
library only, since commands answer at once.

A process can leave its PID namespace through a child only, so this process stays as the child's stand-in: what it is
sent goes to the child, it stops and continues with it, and it ends as the child ends. The kernel ends the child with
its stand-in, and whatever the child leaves behind with the carrier.
"""

import contextlib
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from nfemu.model.errors import Unavailable
from nfemu.namespaces.system import (
    CAP_NET_RAW,
    Namespace,
    bind,
    die_with_parent,
    enter,
    keep_capability,
    mount_empty,
    mount_proc,
    mount_sys,
    own_mounts,
)

_RESOLV_CONF = Path("/etc/resolv.conf")
_LOOK_UP_ELSEWHERE = tuple(Path("/run") / name for name in ("systemd/resolve", "nscd", "avahi-daemon"))
"""Sockets of services that look names up for a program, but in the host's network."""
_TERMINAL = 0
_NONE = Namespace(0)
_CANNOT_RUN = 126
"""As a shell says it."""


def run_on_line(
    core: int, network: int, resolvers: Sequence[str], covers: Mapping[Path, Path], become: Callable[[], None]
) -> NoReturn:
    """Fork; the child is on the line and calls `become`, which execs. This process ends as the child does.

    `core` is the core's process id and `network` the descriptor by which it holds the phone's network. `covers`: files
    and folders, and what the child finds in their place. Raises Unavailable: no way onto the line.
    """
    _check_known(core)
    try:
        join(core, network, Namespace.PID)
    except OSError as error:
        raise Unavailable(
            f"there is no way onto the line ({error.strerror}); it is open to the carrier's own user, and to root, "
            "which in a container may need `--cap-add SYS_PTRACE`"
        ) from None
    _resolve_by(resolvers)
    _cover_each(covers)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would leave no exit status
    _flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    child = os.fork()
    if child == 0:
        _become(become, before)
    _end_as(_stand_in(child))


def _check_known(core: int) -> None:
    """Whoever enters a user namespace that has no number for him is nobody there, root too. Raises Unavailable."""
    try:
        known = [tuple(map(int, line.split())) for line in Path(f"/proc/{core}/uid_map").read_text().splitlines()]
        owner = Path(f"/proc/{core}").stat().st_uid
    except OSError:
        raise Unavailable("the core network has ended; `nfemu status` says whether it is back") from None
    # Numbers as they are seen from here: the kernel writes the map so for whoever reads it.
    if not any(first <= os.geteuid() < first + count for _, first, count in known):
        raise Unavailable(
            f"the carrier belongs to the user with number {owner}, and nobody else has a name on its lines; "
            f"run the command as that user: `setpriv --reuid {owner} --clear-groups nfemu …`"
        )


def join(core: int, network: int, others: Namespace = _NONE) -> None:
    """Enter the phone's network, where need be by the user namespace that owns it, and `others` of the core's.

    Raises OSError.
    """
    process = Path(f"/proc/{core}")
    try:
        foreign, line = _found(process, network)
    except PermissionError:
        _become_user_of(process)
        foreign, line = _found(process, network)
    owner = os.pidfd_open(core)
    wanted = others | (Namespace.USER if foreign else _NONE)
    if wanted:
        enter(owner, wanted)
    enter(line, Namespace.NETWORK)
    os.close(owner)
    os.close(line)


def _found(process: Path, network: int) -> tuple[bool, int]:
    """Whether another user namespace owns the phone's network, and the network. Raises OSError."""
    foreign = (process / "ns/user").stat().st_ino != Path("/proc/self/ns/user").stat().st_ino
    return foreign, os.open(process / f"fd/{network}", os.O_RDONLY | os.O_CLOEXEC)


def _become_user_of(process: Path) -> None:
    """A container's root may not look into other users' processes: it goes on as the carrier's own user, who is the
    only one in the carrier's user namespace anyway. Raises OSError where this is not root.
    """
    owner = process.stat()
    os.setgroups([])
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)


def _resolve_by(resolvers: Sequence[str]) -> None:
    """Programs of this process find a resolv.conf that nobody else sees, and nobody else to ask. Raises Unavailable."""
    target = _RESOLV_CONF.resolve()
    if not target.is_file() and target.parent not in _LOOK_UP_ELSEWHERE:
        raise Unavailable(
            f"`{target}` is not there to be covered by the line's own; make it, empty will do: `touch {target}`"
        )
    try:
        _cover(target, resolvers)
    except OSError as error:
        raise Unavailable(f"`{target}` cannot be covered by the line's own: {error.strerror}") from None


def _cover(target: Path, resolvers: Sequence[str]) -> None:
    own_mounts()
    text = "".join(f"nameserver {address}\n" for address in resolvers)
    for folder in _LOOK_UP_ELSEWHERE:
        if folder.is_dir():
            mount_empty(folder)
    if target.parent in _LOOK_UP_ELSEWHERE:
        target.write_text(text)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".resolv.conf") as file:
        file.write(text)
        file.flush()
        Path(file.name).chmod(0o644)
        bind(Path(file.name), target)


def _cover_each(covers: Mapping[Path, Path]) -> None:
    """Raises Unavailable."""
    for target, own in covers.items():
        try:
            bind(own, target.resolve())
        except OSError as error:
            raise Unavailable(f"`{target}` cannot be covered by the line's own: {error.strerror}") from None


def _become(become: Callable[[], None], signals: Iterable[int]) -> NoReturn:
    try:
        die_with_parent(0)  # as it looks from a PID namespace that the parent is not in
        # In some containers these still show the host's afterwards: they list what cannot be reached.
        for mount in (mount_proc, mount_sys):
            with contextlib.suppress(OSError):
                mount()
        keep_capability(CAP_NET_RAW)  # ping(8) opens a raw socket
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
        become()
    except OSError as error:
        if sys.stderr is not None:
            sys.stderr.write(f"nfemu: there is no way onto the line ({error.strerror})\n")
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else _CANNOT_RUN)
    finally:
        _flush()
        os._exit(_CANNOT_RUN)


def _flush() -> None:
    """Of those that the caller has not closed."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _stand_in(child: int) -> int:
    """The child's exit status, negative for a signal."""
    while True:
        told = signal.sigwaitinfo(signal.valid_signals())
        if told.si_signo != signal.SIGCHLD:
            if told.si_code <= 0 or _is_for_the_leader(told.si_signo):
                os.kill(child, told.si_signo)
            continue
        pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            continue
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(child, signal.SIGCONT)


def _is_for_the_leader(number: int) -> bool:
    """What the terminal sends, it sends to the child as well; but of its end the leader of the session alone hears."""
    return number in (signal.SIGHUP, signal.SIGCONT) and os.getsid(0) == os.getpid()


def _end_as(code: int) -> NoReturn:
    _take_terminal_back()
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the child has left one, where one is wanted
        with contextlib.suppress(OSError):  # SIGKILL
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {-code})
    os._exit(code)


def _take_terminal_back() -> None:
    """A shell on the line has made its own process group the terminal's, and with it gone, nobody may read there."""
    with contextlib.suppress(OSError):
        if not _exists(os.tcgetpgrp(_TERMINAL)):
            os.tcsetpgrp(_TERMINAL, os.getpgrp())


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
