"""URLs for `nfemu verify`: every host of a policy in every disguise, its neighbours, strangers, and literals.

    python -m bench.urls --count 2000 > urls && nfemu verify urls

The same configuration, count and seed give the same list.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from nfemu.settings import Configuration, load

_STRANGERS = ("news.example", "shop.example", "video.test", "cdn-a.example", "cdn-b.example", "a--b.example")
_IDN = ("bücher.example", "例子.example", "пример.test", "ＮＥＷＳ.example", "straße.example", "日本。example")
_SPECIAL = ("localhost", "printer.local", "nobody.invalid", "resolver.arpa", "use-application-dns.net", "x_y.example")
_LITERALS = (
    "198.18.0.16", "198.18.0.17", "198.18.7.9", "198.19.255.254", "192.0.2.1", "8.8.8.8", "203.0.113.9", "10.45.0.2",
    "10.45.0.99", "127.0.0.1", "169.254.169.254", "100.100.0.16", "192.168.1.1",
    "[2001:2::10]", "[2001:2::11]", "[2001:2::7777]", "[2001:db8::1]", "[2606:4700::1111]", "[::1]",
    "[fd53:696e:6b00::10]", "[::ffff:198.18.0.16]",
)  # fmt: skip
_PORTS = (80, 443, 8080, 8443, 81, 22, 853, 5228)


def urls(configuration: Configuration, count: int, seed: int = 1) -> list[str]:
    """`count` different URLs; of every host of a group at least one of each scheme."""
    patterns = [pattern for group in configuration.policies.groups for pattern in group.hosts]
    chance = random.Random(seed)
    found = dict.fromkeys(_systematic(patterns))
    while len(found) < count:
        found[_drawn(patterns, chance)] = None
    return list(found)[:count]


def _systematic(patterns: Sequence[str]) -> Iterator[str]:
    for pattern in patterns:
        for host in _around(pattern):
            yield from (f"http://{host}/", f"https://{host}/")
    for host in (*_STRANGERS, *_IDN, *_SPECIAL, *_LITERALS):
        yield from (f"http://{host}/", f"https://{host}/")


def _around(pattern: str) -> Iterator[str]:
    """What the pattern covers, in several spellings, and what is next to it."""
    name = pattern.removeprefix("*.").removeprefix(".")
    yield from (name, name.upper(), f"{name}.", f"sub.{name}", f"a.b.{name}", f"not{name}", f"{name}.evil.example")
    yield name.partition(".")[2] or name


def _drawn(patterns: Sequence[str], chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.45:
        host = chance.choice(list(_around(chance.choice(patterns))))
        if chance.random() < 0.4:
            host = f"h{chance.randrange(60)}.{host}"
    elif kind < 0.7:
        host = f"site{chance.randrange(400)}.{chance.choice(_STRANGERS)}"
    elif kind < 0.75:
        host = f"w{chance.randrange(20)}.{chance.choice(_IDN)}"
    elif kind < 0.9:
        host = chance.choice(_LITERALS)
    else:
        host = _address(chance)
    host = _spelled(host, chance)
    scheme = chance.choices(("http", "https", "tcp", "udp", "dns"), (45, 35, 8, 8, 4))[0]
    if scheme == "dns":
        return f"dns:{host}" if "[" not in host and not host.replace(".", "").isdecimal() else f"http://{host}/"
    if scheme in ("tcp", "udp"):
        return f"{scheme}://{host}:{chance.choice(_PORTS)}"
    port = f":{chance.choice(_PORTS)}" if chance.random() < 0.4 else ""
    return f"{scheme}://{host}{port}/"


def _address(chance: random.Random) -> str:
    if chance.random() < 0.6:
        return f"198.18.{chance.randrange(4)}.{chance.randrange(1, 255)}"
    return f"[2001:2::{chance.randrange(1, 2000):x}]"


def _spelled(host: str, chance: random.Random) -> str:
    """A name in capitals here and there, or with its trailing dot."""
    if host.startswith("[") or host.replace(".", "").isdecimal():
        return host
    if chance.random() < 0.25:
        host = "".join(
            chance.choice((letter.lower(), letter.upper())) if letter.isascii() else letter for letter in host
        )
    return f"{host}." if chance.random() < 0.15 and not host.endswith(".") else host


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.urls", description="URLs for `nfemu verify`.")
    parser.add_argument("--config", type=Path, default=Path("config"))
    parser.add_argument("--carrier", help="with this overlay")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("\n".join(urls(load(options.config, {}, options.carrier), options.count, options.seed)))


if __name__ == "__main__":
    main()
