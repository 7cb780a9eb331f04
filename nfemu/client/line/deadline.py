"""How long something on a line may take, over all its steps."""

import socket
import time


class Deadline:
    """`seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, above zero. Raises TimeoutError once there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def allot(self, sock: socket.socket) -> socket.socket:
        """The socket's next step has what is left. Raises TimeoutError."""
        sock.settimeout(self.left())
        return sock
