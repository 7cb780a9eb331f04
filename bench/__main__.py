"""`python -m bench [NAME…]`: every figure that the documentation quotes, measured now on this machine."""

import importlib
import sys

from bench.machine import described

SUITES = ("decide", "proxy", "dns", "redirect", "bulk", "transparent", "flip", "states", "scale", "million")


def main(names: list[str]) -> None:
    print(*described(), sep="\n", flush=True)
    for name in names or SUITES:
        if name not in SUITES:
            sys.exit(f"bench: there is no suite `{name}`; there are: {', '.join(SUITES)}")
        for line in importlib.import_module(f"bench.{name}").run():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
