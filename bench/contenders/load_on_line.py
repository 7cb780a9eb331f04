"""Requests of a program on a phone's line: `python -m bench.contenders.load_on_line CORE NETWORK`.

For each number on standard input so many, on connections that are kept alive; a line when all are answered.
"""

import asyncio
import sys

from bench.contenders.bulk_receiver import SITE
from bench.load import Site, ask
from bench.proxy import until_listening
from nfemu.namespaces.enter import join


def main() -> None:
    asyncio.run(until_listening(80, SITE))
    site = Site("the line", 0, 80, "http://news.example/", address=SITE)
    for command in sys.stdin:
        asyncio.run(ask(site, int(command)))
        print("done", flush=True)


if __name__ == "__main__":
    join(int(sys.argv[1]), int(sys.argv[2]))
    main()
