"""Signals that ask a long command to end: it ends what it does at once, and still puts back what it has changed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ends_when_asked() -> Iterator[None]:
    """The first signal raises SystemExit with a shell's status for it (130, 143, 129), wherever the main thread is; no
    further one interrupts what is put back then. One that the caller ignores (`nohup`) stays ignored."""

    def end(number: int, _: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    before = {each: signal.getsignal(each) for each in _ASKING if signal.getsignal(each) != signal.SIG_IGN}
    for each in before:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
