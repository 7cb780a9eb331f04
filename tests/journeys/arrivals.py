"""What comes out of the core to the emulated Internet, from whichever line: counted, and who sent what to whom."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from tests.journeys.carrier import until

_PROBE = """
table inet probe {{
  {sets}
  chain arrivals {{
    type filter hook prerouting priority -400;
    icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
    iifname != "core0" accept
    counter
    {rules}
  }}
}}
"""
_IPS = {"ip": "ipv4_addr", "ip6": "ipv6_addr"}
_KINDS = {
    "reset": ("tcp flags rst", " . inet_service . inet_service", " . th sport . th dport"),
    "packet": ("", " . inet_service . inet_service", " . th sport . th dport"),
    "fragment": ("", "", ""),
}
"""What a packet is, the first that fits: what tells so, and how its ports are kept (ICMP's type and code, its sum)."""
_SET = "set {kind}_{ip} {{ type {address} . {address} . inet_proto{types}; flags dynamic; size 1024; counter; }}"
_RULE = "{condition} update @{kind}_{ip} {{ {ip} saddr . {ip} daddr . meta l4proto{ports} }} accept"

_LOSING = "table inet losing { chain resets { type filter hook input priority 0; tcp flags rst drop; }; }"


class Arrivals:
    """Every packet, from the emulated Internet's end of its link with the core."""

    def __init__(self, core: int) -> None:
        home = Path(f"/proc/{core}/ns/net").stat().st_ino
        links = sorted(Path(f"/proc/{core}/fd").iterdir(), key=lambda link: int(link.name))
        networks = (link for link in links if str(link.readlink()).startswith("net:") and link.stat().st_ino != home)
        self._enter = ("nsenter", f"--net={next(networks)}")
        self._nft("-f", "-", text=_probe())

    def count(self) -> int:
        found = re.search("packets ([0-9]+)", self._nft("list", "chain", "inet", "probe", "arrivals"))
        assert found is not None
        return int(found[1])

    @contextmanager
    def none(self) -> Iterator[None]:
        """Nothing arrives meanwhile. What open lines began before has ended then: their answers would be counted."""
        until(self.at_rest)
        self._nft("-f", "-", text="".join(f"flush set inet probe {name}\n" for name in _sets()))
        before = self.count()
        yield
        arrived = self.count() - before
        assert arrived == 0, f"{arrived} packets left a restricted line:\n{self._seen()}"

    def at_rest(self) -> bool:
        """Whether no connection in there opens, ends or waits for an acknowledgement. Where a packet was lost, a reset
        of an open line's among them, its server sends again after a second or more, and that line answers again.
        """
        listed = self._run("ss", "-Htn", "state", "connected", "exclude", "time-wait").splitlines()
        return all((state, unacknowledged) == ("ESTAB", "0") for state, _, unacknowledged, *_ in map(str.split, listed))

    @contextmanager
    def losing_resets(self) -> Iterator[None]:
        """They come this far and no further."""
        self._nft("-f", "-", text=_LOSING)
        try:
            yield
        finally:
            self._nft("delete", "table", "inet", "losing")

    def _seen(self) -> str:
        """A line for each sender, target, protocol and ports; of no more than fit in the sets."""
        listed = {name: self._nft("list", "set", "inet", "probe", name) for name in _sets()}
        return "\n".join(
            f"{name}: {element}"
            for name, text in listed.items()
            for element in re.findall(r"\S+ \. .+?(?=,| \})", text)
        )

    def _nft(self, *arguments: str, text: str = "") -> str:
        return self._run("nft", *arguments, text=text)

    def _run(self, *command: str, text: str = "") -> str:
        return subprocess.run((*self._enter, *command), input=text, check=True, capture_output=True, text=True).stdout


def _sets() -> list[str]:
    return [f"{kind}_{ip}" for kind, ip in product(_KINDS, _IPS)]


def _probe() -> str:
    sets, rules = [], []
    for (kind, (condition, types, ports)), (ip, address) in product(_KINDS.items(), _IPS.items()):
        sets.append(_SET.format(kind=kind, ip=ip, address=address, types=types))
        rules.append(_RULE.format(kind=kind, ip=ip, condition=condition, ports=ports))
    return _PROBE.format(sets="\n  ".join(sets), rules="\n    ".join(rules))
