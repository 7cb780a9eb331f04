"""Many scenarios on a few carriers, each of which plays one after the other."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Lock

from nfemu.model.errors import Unavailable
from nfemu.scenario.interrupting import Interruption
from nfemu.scenario.running import Carrier, play
from nfemu.scenario.values import USUAL, Needs, Result, Scenario

Start = Callable[[Needs], Carrier]
Tell = Callable[[Result], None]


class Shifts:
    """`usual` play what needs nothing special. For anything else one carrier is started, and plays all that needs it;
    whatever `start` raises ends the run.
    """

    def __init__(self, usual: Sequence[Carrier], start: Start) -> None:
        self._at_once = len(usual)
        self._start = start
        self._lock = Lock()
        self._interruption = Interruption()
        self._free: dict[Needs, SimpleQueue[Carrier]] = {USUAL: SimpleQueue()}
        for carrier in usual:
            self._free[USUAL].put(carrier)

    def play_all(self, scenarios: Sequence[Scenario], tell: Tell) -> None:
        """In the order of the scenarios, whichever is finished first. Raises Unavailable where a carrier is gone.

        Whatever is raised meanwhile, by a signal in the caller's thread too, ends the run: the steps that are under way
        are interrupted, and of the scenarios that were begun is told how far they came.
        """
        pool = ThreadPoolExecutor(self._at_once)
        untold = deque(pool.submit(self._play, scenario) for scenario in scenarios)
        try:
            while untold:
                result = untold[0].result()
                untold.popleft()
                tell(result)
        except BaseException:
            self._interruption.ask()
            pool.shutdown(cancel_futures=True)
            for each in filter(_has_result, untold):
                tell(each.result())
            raise
        pool.shutdown()

    def _play(self, scenario: Scenario) -> Result:
        """Raises Unavailable where it has not been begun when the run is interrupted."""
        free = self._fitting(Needs.of(scenario.given))
        carrier = free.get()
        try:
            if self._interruption.asked:
                raise Unavailable("the run has ended")
            return play(scenario, carrier, self._interruption)
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


def _has_result(played: Future[Result]) -> bool:
    return not played.cancelled() and played.exception() is None
