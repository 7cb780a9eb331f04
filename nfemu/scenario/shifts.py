"""Many scenarios on a few carriers, each of which plays one after the other."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Lock

from nfemu.scenario.running import Carrier, play
from nfemu.scenario.values import USUAL, Needs, Result, Scenario

Start = Callable[[Needs], Carrier]


class Shifts:
    """`usual` play what needs nothing special. For anything else one carrier is started, and plays all that needs it;
    whatever `start` raises ends the run.
    """

    def __init__(self, usual: Sequence[Carrier], start: Start) -> None:
        self._at_once = len(usual)
        self._start = start
        self._lock = Lock()
        self._free: dict[Needs, SimpleQueue[Carrier]] = {USUAL: SimpleQueue()}
        for carrier in usual:
            self._free[USUAL].put(carrier)

    def play_all(self, scenarios: Sequence[Scenario]) -> Iterator[Result]:
        """In the order of the scenarios, whichever is finished first. Raises Unavailable where a carrier is gone.

        One after the other is in the caller's own thread, so that what is raised there, by a signal too, ends the step.
        """
        if self._at_once == 1:
            yield from map(self._play, scenarios)
            return
        pool = ThreadPoolExecutor(self._at_once)
        try:
            yield from pool.map(self._play, scenarios)
        finally:
            pool.shutdown(cancel_futures=True)

    def _play(self, scenario: Scenario) -> Result:
        free = self._fitting(Needs.of(scenario.given))
        carrier = free.get()
        try:
            return play(scenario, carrier)
        finally:
            free.put(carrier)

    def _fitting(self, needs: Needs) -> SimpleQueue[Carrier]:
        """Others wait while one is started: that takes seconds, and a machine has few of them to spare."""
        with self._lock:
            if needs not in self._free:
                carrier = self._start(needs)
                self._free[needs] = SimpleQueue()
                self._free[needs].put(carrier)
            return self._free[needs]
