"""The agent's process, from the side of whoever gives it jobs. Safe for several threads at once."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from itertools import count
from threading import Lock, Thread
from typing import Any

from nfemu.client.line.way import Way, written
from nfemu.model.errors import InvalidInput, Unavailable

_ENDING_S = 2.0
"""For the agent to end, once there is nothing more to do."""
_ARGV = (sys.executable, "-P", "-m", "nfemu.client.line.agent")
_GONE = "what works on the line has ended: the carrier has stopped, or the line was taken from it"

Result = dict[str, Any]


class AgentProcess:
    """It stays on the line whatever policy that is given meanwhile."""

    def __init__(self, way: Way, roots: str) -> None:
        """Raises Unavailable: no way onto the line."""
        self._waiting: dict[int, Future[Result]] = {}
        self._numbers = count()
        self._lock = Lock()
        self._ended = False
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            _ARGV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._write({"way": written(way), "roots": roots})
        first = self._read()
        if first is None or first["wrong"]:
            self.close()
            raise Unavailable(_GONE if first is None else first["wrong"])
        self._reading = Thread(target=self._read_all, daemon=True)
        self._reading.start()

    def do(self, job: Mapping[str, object]) -> Result:
        """Raises InvalidInput where the job is wrong in itself, Unavailable where nobody is there to do it."""
        done: Future[Result] = Future()
        with self._lock:
            if self._ended:
                raise Unavailable(_GONE)
            number = next(self._numbers)
            self._waiting[number] = done
            self._write({"id": number, **job})
        told = done.result()
        if "wrong" in told:
            raise InvalidInput(told["wrong"])
        result: Result = told["result"]
        return result

    def interrupt(self) -> None:
        """From another thread: whoever waits for a job has Unavailable."""
        self._process.kill()

    def close(self) -> None:
        process = self._process
        with contextlib.suppress(OSError):
            assert process.stdin is not None  # noqa: S101 - a pipe
            process.stdin.close()
        try:
            process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None and not hasattr(self, "_reading"):
            process.stdout.close()

    def _read_all(self) -> None:
        while (told := self._read()) is not None:
            self._waiting.pop(told["id"]).set_result(told)
        with self._lock:
            self._ended = True
            left = list(self._waiting.values())
            self._waiting.clear()
        for each in left:
            each.set_exception(Unavailable(_GONE))
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        self._process.stdout.close()

    def _write(self, value: Mapping[str, object]) -> None:
        """An agent that is gone is noticed by who reads."""
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(value) + "\n")
            self._process.stdin.flush()

    def _read(self) -> Result | None:
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        line = self._process.stdout.readline()
        read: Result | None = json.loads(line) if line else None
        return read
