"""Real traffic of one line in the background, and what came back."""

import os
import subprocess
from collections import Counter
from threading import Event, Thread
from types import TracebackType
from typing import Self

from tests.journeys.carrier import CarrierProcess

_PER_CONNECTION = 20


class Traffic:
    """As a context: curl asks for `url` again and again, twenty times on each connection.

    `answers` counts statuses; 0 stands for a connection that was refused or cut.
    """

    def __init__(self, carrier: CarrierProcess, number: str, url: str) -> None:
        proxy = f"http://{number}:x@{carrier.running.http_proxy}"
        form = ["-s", "-o", os.devnull, "-w", "%{http_code}\n", "--max-time", "20", "-x", proxy]
        self._command = ["curl", *form, f"{url}?[1-{_PER_CONNECTION}]"]
        self._ended = Event()
        self._thread = Thread(target=self._run)
        self.answers: Counter[int] = Counter()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            done = subprocess.run(self._command, capture_output=True, text=True, timeout=500, check=False)
            self.answers.update(map(int, done.stdout.split()))
