"""How many questions a second a line may have worked on.

A question whose answer is remembered costs a few microseconds; one that has to be judged costs twenty times as much,
and all of it in the one process that everybody needs. So what is not remembered is counted by line, and whoever asks
for more than this is not heard: the others have their turn.
"""

from collections.abc import Callable

QUESTIONS_A_SECOND = 2_000
"""Of a line, on average; as many at once. A browser asks some dozens, and this many take a fifth of a processor."""
_LEAST = 4_096


class Pace:
    """For each sender the moment up to which its questions take all that it may have (GCRA, ITU-T I.371): where that
    is a second ahead, it has asked too much. `now` is monotonic, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._each_s = 1 / QUESTIONS_A_SECOND
        self._taken: dict[bytes, float] = {}
        self._tidied_from = _LEAST

    def allows(self, who: bytes) -> bool:
        """One more question."""
        now = self._now()
        taken = max(self._taken.get(who, now), now) + self._each_s
        if taken - now > 1:
            return False
        self._taken[who] = taken
        if len(self._taken) > self._tidied_from:
            self._taken = {each: until for each, until in self._taken.items() if until > now}
            self._tidied_from = max(_LEAST, 2 * len(self._taken))
        return True

    def __len__(self) -> int:
        """Senders that are remembered."""
        return len(self._taken)
