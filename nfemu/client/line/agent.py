"""A process on a subscriber's line that sends what it is told: lines of JSON in, lines of JSON out.

The first line says how it gets onto the line (`way.py`) and which certificates it trusts; the answer, that it is there,
or why not. A process of its own, since one that has entered a phone's network has left the one in which the
carrier's API is. Many jobs are done at once; it ends with its standard input.
"""

import json
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from nfemu.client.line.access import access_by
from nfemu.client.line.sending import Sender
from nfemu.client.line.way import OnBearer, Way, read
from nfemu.model.errors import NfemuError

AT_ONCE = 24
_writing = Lock()


def main() -> None:
    # The terminal's interrupt is for the command, which ends this by its input's end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told: dict[str, Any] = json.loads(sys.stdin.readline())
    way = read(told["way"])
    if wrong := _enter(way):
        _say({"wrong": wrong})
        return
    _say({"wrong": ""})
    sender = Sender(access_by(way), told["roots"])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for line in sys.stdin:
            pool.submit(_do, sender, json.loads(line))


def _enter(way: Way) -> str:
    """What is sent, and nothing else, has to be sent from within. Why that cannot be, else empty."""
    if not isinstance(way, OnBearer):
        return ""
    from nfemu.namespaces.enter import join

    try:
        join(way.pid, way.network)
    except OSError as error:
        return f"there is no way onto the line ({error.strerror}); it is open to the carrier's own user, and to root"
    return ""


def _do(sender: Sender, job: Mapping[str, Any]) -> None:
    try:
        _say({"id": job["id"], "result": sender.do(job)})
    except NfemuError as error:
        _say({"id": job["id"], "wrong": str(error)})
    except Exception as error:  # noqa: BLE001 - who waits for the job must hear of it
        _say({"id": job["id"], "wrong": f"{type(error).__name__}: {error}"})


def _say(value: Mapping[str, object]) -> None:
    with _writing:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
