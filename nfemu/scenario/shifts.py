"""Many scenarios on a few carriers, each of which plays one after the other."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from nfemu.scenario.running import Carrier, play
from nfemu.scenario.values import Result, Scenario


def play_all(scenarios: Sequence[Scenario], carriers: Sequence[Carrier]) -> Iterator[Result]:
    """In the order of the scenarios, whichever carrier plays them. Raises Unavailable where a carrier is gone."""
    free: SimpleQueue[Carrier] = SimpleQueue()
    for carrier in carriers:
        free.put(carrier)

    def shift(scenario: Scenario) -> Result:
        carrier = free.get()
        try:
            return play(scenario, carrier)
        finally:
            free.put(carrier)

    pool = ThreadPoolExecutor(len(carriers))
    try:
        yield from pool.map(shift, scenarios)
    finally:
        pool.shutdown(cancel_futures=True)
