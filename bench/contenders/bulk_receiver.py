"""A program on a phone's line that fetches octets: `python -m bench.contenders.bulk_receiver CORE NETWORK PORT HELLO`.

For each `CONNECTIONS OCTETS` on standard input that many connections, one after the other, each for that many octets;
the seconds that it took. `HELLO` is said first on each, in hexadecimal.
"""

import socket
import sys
import time

from bench.contenders.bulk_sender import WANTED
from nfemu.namespaces.enter import join

SITE = "198.18.0.77"
_BUFFER = bytearray(1 << 20)


def main(port: int, hello: bytes) -> None:
    for command in sys.stdin:
        connections, octets = map(int, command.split())
        began = time.monotonic()
        for _ in range(connections):
            _fetch(port, hello, octets)
        print(time.monotonic() - began, flush=True)


def _fetch(port: int, hello: bytes, octets: int) -> None:
    """Raises OSError: less came."""
    with socket.create_connection((SITE, port), timeout=60) as connection:
        connection.sendall(hello + WANTED.pack(octets))
        left = octets
        while left:
            # What is thrown away need not be copied: the line is to be the limit (tcp(7), MSG_TRUNC).
            received = connection.recv_into(_BUFFER, min(left, len(_BUFFER)), socket.MSG_TRUNC)
            if not received:
                raise ConnectionError(f"{left} octets did not come")
            left -= received


if __name__ == "__main__":
    join(int(sys.argv[1]), int(sys.argv[2]))
    main(int(sys.argv[3]), bytes.fromhex(sys.argv[4]))
