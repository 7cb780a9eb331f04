"""`python -m bench.soak [--seconds N] [--subscribers N] [--seed N]`: exit status 0 where everything held."""

import argparse
import asyncio
import sys

from bench.soak.soak import Plan, soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.soak", description="a carrier under random journeys, judged")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    report = asyncio.run(soak(Plan(given.seconds, given.subscribers, given.seed)))
    print("\n".join(report.lines()))
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
