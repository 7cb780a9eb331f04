"""The process that observes on a line, from the side of the command that wants to know."""

import json
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Self

from nfemu.client.api import Client
from nfemu.client.state import RunningStatus, reachable
from nfemu.client.values import Subscriber
from nfemu.model.errors import Conflict, InvalidInput, Unavailable

_ENDING_S = 2.0
"""For the agent to end, once there is nothing more to do."""
_ARGV = (sys.executable, "-P", "-m", "nfemu.cli.observing.agent")


class Observer:
    """A context: the process ends with it. It stays on the line whatever policy that is given meanwhile."""

    def __init__(self, way: Mapping[str, object]) -> None:
        """`way`: see agent.py."""
        self._way = way
        self._process: subprocess.Popen[str] | None = None

    @classmethod
    def on_line(cls, client: Client, status: RunningStatus, number: str) -> Self:
        """On the line's bearer, or by its proxy. Raises Conflict where it has no session."""
        line = client.subscriber(number)
        if line.session is None or line.session.state != "active":
            raise Conflict(f"{line.number} is detached, so nothing can be sent; `nfemu attach {line.number}` first")
        if not status.has_bearers:
            return cls(_by_proxy(status, line))
        plugged = client.plug(number)
        families = [version for version, own in ((4, plugged.ipv4), (6, plugged.ipv6)) if own is not None]
        entrance = {"pid": plugged.pid, "network": plugged.network, "resolvers": plugged.resolvers}
        return cls({**entrance, "families": families})

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            _ARGV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._write(self._way)
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            try:
                process.communicate(timeout=_ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def observe(self, urls: Sequence[str]) -> list[dict[str, str]]:
        """What was seen of each, in order. Raises InvalidInput for no destination, Unavailable."""
        writing = threading.Thread(target=self._write_all, args=(urls,))
        writing.start()
        seen = dict(self._read() for _ in urls)
        writing.join()
        return [seen[index] for index in range(len(urls))]

    def _write_all(self, urls: Sequence[str]) -> None:
        for index, url in enumerate(urls):
            self._write({"id": index, "url": url})

    def _write(self, value: Mapping[str, object]) -> None:
        """An agent that is gone is noticed by who reads."""
        assert self._process is not None and self._process.stdin is not None  # noqa: S101, PT018 - entered
        try:
            self._process.stdin.write(json.dumps(value) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass

    def _read(self) -> tuple[int, dict[str, str]]:
        assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018 - entered
        line = self._process.stdout.readline()
        if not line:
            raise Unavailable("what observes on the line has ended; its reason is printed above")
        told: dict[str, Any] = json.loads(line)
        if "error" in told["seen"]:
            raise InvalidInput(told["seen"]["error"])
        return told["id"], told["seen"]


def _by_proxy(status: RunningStatus, line: Subscriber) -> dict[str, object]:
    own = status.subscriber_proxies.get(line.e164)
    host, _, port = reachable(own if own is not None else status.http_proxy).rpartition(":")
    user = b64encode(f"{line.number}:x".encode()).decode()
    credentials = "" if own is not None else f"Proxy-Authorization: Basic {user}\r\n"
    return {"proxy": [host.strip("[]"), int(port)], "credentials": credentials}
