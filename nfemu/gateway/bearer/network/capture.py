"""What passes a phone's interface, both ways. The standard library only, since commands answer at once."""

import socket
import struct
from dataclasses import dataclass

from nfemu.model.errors import Unavailable
from nfemu.namespaces.enter import join

MOST = 256 * 1024
"""Octets that a frame can have: the kernel cuts what is sent into segments last, and joins what arrives first."""
_INTERFACE = "wwan0"
_ETH_P_ALL = 0x0003
_SO_TIMESTAMPNS = 35
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_TIMESPEC = struct.Struct("@ll")
_STATISTICS = struct.Struct("=II")
_BUFFER = 16 * 1024 * 1024
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    at: int
    """Nanoseconds since 1970."""
    data: bytes


class Capture:
    """This process is in the phone's network from then on."""

    def __init__(self, core: int, network: int) -> None:
        """The line as in `run_on_line`. Raises Unavailable."""
        try:
            join(core, network)
            # Without a protocol it hears nothing until it is bound to its one interface.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.bind((_INTERFACE, _ETH_P_ALL))
        except OSError as error:
            raise Unavailable(
                f"the line cannot be captured ({error.strerror}); that is open to the carrier's own user, and to root"
            ) from None

    def fileno(self) -> int:
        """Readable when there is a frame."""
        return self._socket.fileno()

    def frame(self) -> Frame | None:
        """The next one; None when the interface is gone."""
        try:
            data, ancillary, _, _ = self._socket.recvmsg(MOST, socket.CMSG_SPACE(_TIMESPEC.size))
        except OSError:
            return None
        seconds, nanoseconds = next(_TIMESPEC.unpack(value) for _, kind, value in ancillary if kind == _SO_TIMESTAMPNS)
        return Frame(seconds * _NANOSECONDS + nanoseconds, data)

    def lost(self) -> int:
        """Frames that came too fast, since the last call."""
        counted = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size)
        return int(_STATISTICS.unpack(counted)[1])

    def close(self) -> None:
        self._socket.close()
