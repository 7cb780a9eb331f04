"""A far end on a real socket that answers each head as it is told, and keeps what it was sent."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nfemu.client import StateFolder
from nfemu.client.line import ByProxy, Phone


@dataclass
class FarEnd:
    port: int = 0
    heads: list[bytes] = field(default_factory=list)


@contextmanager
def far_end(answer: Callable[[bytes], bytes]) -> Iterator[FarEnd]:
    """On loopback; it ends each connection after its answer."""
    end = FarEnd()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n") and (line := self.rfile.readline()):
                head += line
            end.heads.append(head)
            self.wfile.write(answer(head))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        end.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield end
        server.shutdown()


@contextmanager
def phone_by_proxy(folder: Path, port: int, user: str = "13800138000") -> Iterator[Phone]:
    """`folder` becomes its carrier's state folder."""
    state = StateFolder(folder)
    state.ca.parent.mkdir(exist_ok=True)
    if not state.ca.exists():
        state.ca.write_text("")
    with Phone(user, state, ByProxy("127.0.0.1", port, user)) as phone:
        yield phone
