"""A bounded memory of answers that hold for a while."""

import time
from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class AnswerMemory(Generic[Key, Value]):
    """Answers by host name, or by the octets of a question. At most `capacity`; the one that was used longest ago goes
    first."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def recall(self, question: Key) -> Value | None:
        """The answer, None when there is none or its time is up."""
        held = self._answers.get(question)
        if held is None:
            return None
        expires, value = held
        if time.monotonic() >= expires:
            del self._answers[question]
            return None
        self._answers.move_to_end(question)
        return value

    def keep(self, question: Key, value: Value, ttl_s: float) -> None:
        """For `ttl_s` seconds; not at all when that is 0."""
        if ttl_s <= 0:
            return
        self._answers[question] = (time.monotonic() + ttl_s, value)
        self._answers.move_to_end(question)
        if len(self._answers) > self._capacity:
            self._answers.popitem(last=False)

    def forget(self) -> None:
        self._answers.clear()

    def __len__(self) -> int:
        return len(self._answers)
