"""Where a redirected connection was going, asked of a real conntrack in a network namespace of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_RULES = """table inet steer {
  chain output {
    type nat hook output priority -100
    tcp dport 80 redirect to :8070
  }
}
"""
_ASK = """
import json, socket
from nfemu.runtime.original import original_destination
found = []
for family, at, asked in (
    (socket.AF_INET, "0.0.0.0", ("198.18.0.9", 80)),
    (socket.AF_INET6, "::", ("2001:2::9", 80)),
    (socket.AF_INET, "0.0.0.0", ("127.0.0.1", 8070)),
):
    listener = socket.create_server((at, 8070), family=family)
    phone = socket.create_connection(asked)
    sock, _ = listener.accept()
    try:
        address, port = original_destination(sock)
        found.append([str(address), port])
    except OSError as error:
        found.append(error.strerror)
    for each in (listener, phone, sock):
        each.close()
print(json.dumps(found))
"""


@pytest.mark.lab
def test_redirected_and_not(tmp_path: Path) -> None:
    rules = tmp_path / "rules.nft"
    rules.write_text(_RULES)
    steps = f"ip link set lo up && ip route add default dev lo && ip -6 route add default dev lo && nft -f {rules}"
    command = ["unshare", "-Urn", "sh", "-ec", f'{steps}; exec "$0" -c "$1"', sys.executable, _ASK]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    v4, v6, direct = json.loads(done.stdout)
    assert (v4, v6) == (["198.18.0.9", 80], ["2001:2::9", 80])
    assert direct == ["127.0.0.1", 8070] or isinstance(direct, str)
