"""Runs on a line and makes sockets there for whoever has started it: a socket stays in the network it was made in.

For each octet that comes on standard input, a Unix socket, the socket of that kind is passed back (SCM_RIGHTS), or a
message without one where it cannot be made. The standard library only: this is started for each line anew.
"""

import socket
from enum import Enum


class Kind(Enum):
    """What can be asked for: one octet."""

    TCP4 = b"t"
    TCP6 = b"T"
    UDP4 = b"u"
    UDP6 = b"U"
    RAW4 = b"r"
    """Whole IPv4 packets, header included: for root."""
    RAW6 = b"R"


_MADE = {
    Kind.TCP4: (socket.AF_INET, socket.SOCK_STREAM, 0),
    Kind.TCP6: (socket.AF_INET6, socket.SOCK_STREAM, 0),
    Kind.UDP4: (socket.AF_INET, socket.SOCK_DGRAM, 0),
    Kind.UDP6: (socket.AF_INET6, socket.SOCK_DGRAM, 0),
    Kind.RAW4: (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
    Kind.RAW6: (socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
}


def serve(asking: socket.socket) -> None:
    """Until the other end is closed."""
    while wanted := asking.recv(1):
        try:
            made = socket.socket(*_MADE[Kind(wanted)])
        except OSError:
            asking.send(b"-")
            continue
        with made:
            socket.send_fds(asking, [wanted], [made.fileno()])


if __name__ == "__main__":
    serve(socket.socket(fileno=0))
