"""Loading a named state on a running carrier, by the API: an absolute budget, and what 200 loads leave behind.

Two states in turn, one of them the built-in one; the first has lines in arrears, in a garden, and detached. Then once
with 100,000 subscribers, since that is all rows.
"""

import statistics
import subprocess
from pathlib import Path
from time import monotonic

from bench.carrier import running
from nfemu.client import Client, StateFolder
from nfemu.model.errors import Unavailable

_LOADS = 200
_BUDGET_S = 1.0
_MANY = 100_000
_PEOPLE = (
    f'subscribers.ranges=[{{first_number: "13000000000", first_imsi: "460001000000000", count: {_MANY}, balance: 50}}]'
)


def run() -> list[str]:
    """A few lines for each access, and one for many subscribers."""
    return [*(line for access in ("proxy", "bearer") for line in _by(access)), _many()]


def _by(access: str) -> list[str]:
    try:
        with running(f"carrier.access={access}") as state, Client.find(state) as client:
            return _measured(access, state, client)
    except Unavailable as error:
        return [f"load of a state by {access}: not measured, {error}"]


def _measured(access: str, state: StateFolder, client: Client) -> list[str]:
    client.charge("13800138000", "59.00")
    client.order_profile("13800138001", "inflight")
    client.detach("13800138002")
    client.save_state("lived")
    seconds, residues = [], []
    for number in range(_LOADS):
        began = monotonic()
        client.load_state("initial" if number % 2 else "lived")
        seconds.append(monotonic() - began)
        if number in {1, _LOADS - 1}:
            residues.append(_residue(state))
    cuts = statistics.quantiles(seconds, n=20)
    missed = "" if cuts[18] <= _BUDGET_S else ": missed"
    p50, p95, longest = (each * 1000 for each in (statistics.median(seconds), cuts[18], max(seconds)))
    budget = f"budget p95 {_BUDGET_S * 1000:.0f} ms{missed}"
    return [
        f"load of a state by {access}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, longest {longest:.0f} ms ({budget})",
        f"after 2 loads: {residues[0]}; after {_LOADS}: {residues[1]}",
    ]


def _residue(state: StateFolder) -> str:
    pid = state.status().pid
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4 // 1024
    found = f"{descriptors} descriptors, {resident} MiB resident"
    core = _core_of(pid)
    return found if core is None else f"{found}, {_elements(core)} nft elements"


def _core_of(pid: int) -> int | None:
    """The first process in the core network, if there is one: the only child of a child of the carrier's."""
    for child in _children(pid):
        if b"bearer.network.core" in Path(f"/proc/{child}/cmdline").read_bytes():
            return _children(child)[0]
    return None


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def _elements(core: int) -> str:
    """Of all sets and maps of the core's table; only root may look."""
    command = ["nsenter", "-t", str(core), "-n", "nft", "list", "table", "inet", "nfemu"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode:
        return "unknown"
    blocks = [part.partition("}")[0] for part in listed.stdout.split("elements = {")[1:]]
    return str(sum(len(block.split(",")) for block in blocks))


def _many() -> str:
    with running("carrier.access=proxy", _PEOPLE) as state, Client.find(state) as client:
        began = monotonic()
        saved = client.save_state("many")
        seconds = [monotonic() - began]
        for name in ("many", "initial"):
            began = monotonic()
            client.load_state(name)
            seconds.append(monotonic() - began)
        size = (state.states / "many").stat().st_size >> 20
        return (
            f"{saved.subscribers:,} subscribers, once each: saved in {seconds[0]:.1f} s ({size} MiB), loaded in "
            f"{seconds[1]:.1f} s; initial loaded in {seconds[2]:.1f} s"
        )
