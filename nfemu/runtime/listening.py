"""Opening a TCP listener, with errors that name the setting to change."""

import errno
import socket

from nfemu.model.errors import Conflict, InvalidInput

_BACKLOG = 1024
DEFER_S = 15
"""Seconds that the kernel keeps a connection on which nothing has been said yet to itself (tcp(7))."""


def listen(host: str, port: int, setting: str, file: str = "carrier.yaml") -> socket.socket:
    """A listening socket, not blocking; port 0 takes a free one. `setting`: the place in `file`, for the errors.

    Raises Conflict for a port in use, InvalidInput for an address that is not ours.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0][0]
        sock = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                f"port `{port}` on {host} is in use; stop what listens there, or set another port in {file} "
                f"(`{setting}`; 0 takes a free one)"
            ) from error
        raise InvalidInput(
            f"cannot listen on `{host}` port `{port}` ({error.strerror or error}); "
            f"change its host or `{setting}` in {file}"
        ) from error
    sock.setblocking(False)
    return sock
