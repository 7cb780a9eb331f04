"""What each of many lines gets for a site that nothing lists: `python -m bench.crowd CORE NETWORK…`.

A process of its own, since it goes from one phone's network to the next. Prints the status codes, in order; 0 where
there was no answer.
"""

import json
import sys
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException

from nfemu.measuring.phone import HOST
from nfemu.namespaces.enter import join

_SITE = "198.18.0.77"
"""The emulated Internet answers at any address of its own."""
_PATIENCE_S = 5.0


def _status() -> int:
    connection = HTTPConnection(_SITE, 80, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/", headers={"Host": HOST})
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def main(core: int, networks: Sequence[int]) -> None:
    statuses = []
    for network in networks:
        join(core, network)
        statuses.append(_status())
    print(json.dumps(statuses))


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(text) for text in sys.argv[2:]])
