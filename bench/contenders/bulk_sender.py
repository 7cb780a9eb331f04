"""A server that sends as many octets as it is asked for: `python -m bench.contenders.bulk_sender DESCRIPTOR SKIP`.

`DESCRIPTOR` is a listening socket, wherever it was made. Each connection says `SKIP` octets that do not matter, then in
eight how many it wants.
"""

import os
import socket
import struct
import sys
import threading

WANTED = struct.Struct("!Q")
_CHUNK = 1 << 20


def main(descriptor: int, skip: int) -> None:
    zeros = os.memfd_create("zeros")
    os.ftruncate(zeros, _CHUNK)
    listener = socket.socket(fileno=descriptor)
    listener.setblocking(True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, zeros, skip), daemon=True).start()


def _serve(connection: socket.socket, zeros: int, skip: int) -> None:
    with connection:
        said = connection.recv(skip + WANTED.size, socket.MSG_WAITALL)
        if len(said) < skip + WANTED.size:
            return
        left = WANTED.unpack_from(said, skip)[0]
        while left:
            left -= os.sendfile(connection.fileno(), zeros, 0, min(left, _CHUNK))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
