"""A bounded memory of answers that hold for a while."""

import time
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class AnswerMemory(Generic[Value]):
    """Answers by host name. At most `capacity`; the one that was used longest ago goes first."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[str, tuple[float, Value]] = OrderedDict()

    def recall(self, host: str) -> Value | None:
        """The answer, None when there is none or its time is up."""
        held = self._answers.get(host)
        if held is None:
            return None
        expires, value = held
        if time.monotonic() >= expires:
            del self._answers[host]
            return None
        self._answers.move_to_end(host)
        return value

    def keep(self, host: str, value: Value, ttl_s: float) -> None:
        """For `ttl_s` seconds; not at all when that is 0."""
        if ttl_s <= 0:
            return
        self._answers[host] = (time.monotonic() + ttl_s, value)
        self._answers.move_to_end(host)
        if len(self._answers) > self._capacity:
            self._answers.popitem(last=False)

    def forget(self) -> None:
        self._answers.clear()

    def __len__(self) -> int:
        return len(self._answers)
