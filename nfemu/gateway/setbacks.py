"""How long to wait before what has ended is started again."""

_PAUSES_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_HEALTHY_S = 10.0
"""What has served that long has not failed at the start: the next pause is the first again."""


class Setbacks:
    """Ends in a row, of one thing that is always to be there."""

    def __init__(self) -> None:
        self.count = 0

    def ended(self, served_s: float) -> float:
        """It has ended after serving for so many seconds, 0 where it did not come to that; the seconds to wait."""
        self.count = 1 if served_s > _HEALTHY_S else self.count + 1
        return _PAUSES_S[min(self.count, len(_PAUSES_S)) - 1]
