"""The attack matrix: `python -m bench.peers measure FOLDER [PEER…]`, then `python -m bench.peers page FOLDER`.

`measure` starts each proxy, attacks it with `nfemu attack --json`, and keeps the answer in FOLDER; `page` prints
docs/attack-matrix.md from what is there.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.peers.page import page
from bench.peers.starting import NUMBER, PEERS, Rig, Running, free_port


def measure(folder: Path, names: Sequence[str]) -> None:
    """One file per proxy."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or PEERS:
        with tempfile.TemporaryDirectory(prefix="nfemu-peer-") as place:
            rig = Rig(Path(place), free_port(), free_port())
            with PEERS[name](rig) as running:
                result = _attack(running)
        result["version"] = running.version
        (folder / f"{name}.json").write_text(json.dumps(result, indent=1))
        print(f"{running.version}: {result['score']}")


def _attack(running: Running) -> dict[str, object]:
    state = {} if running.state is None else {"NFEMU_STATE": str(running.state)}
    command = [sys.executable, "-m", "nfemu.cli.main", "attack", "--number", NUMBER, "--json", *running.arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **state}, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        raise RuntimeError(f"{running.version}: {done.stderr}")
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main(arguments: Sequence[str]) -> int:
    match list(arguments):
        case ["measure", folder, *names] if set(names) <= set(PEERS):
            measure(Path(folder), names)
        case ["page", folder]:
            files = [Path(folder, f"{name}.json") for name in PEERS]
            sys.stdout.write(page([json.loads(file.read_text()) for file in files if file.exists()]))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
