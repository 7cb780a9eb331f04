"""Who may have a carrier, and which of its lines."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from nfemu.client.leases import Leases
from nfemu.model.errors import Conflict


def test_one_has_all_of_it_or_several_have_lines(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with closing(Leases(state)) as alone:
        assert (alone.alone, alone.take(["1", "2"]), alone.take(["1"]), alone.take([])) == (True, "1", "1", None)
        for worker in ("", "gw0"):
            with pytest.raises(Conflict, match=rf"another run is under way \(process {os.getpid()}\) on the carrier"):
                Leases(state, worker)
    with closing(Leases(state, "gw0")) as one, closing(Leases(state, "gw1")) as another:
        assert (one.alone, one.take(["1", "2"]), one.take(["2", "1"])) == (False, "1", "1")
        assert (another.take(["1", "2"]), another.take(["1"])) == ("2", None)
        with pytest.raises(Conflict, match="another run is under way on the carrier"):
            Leases(state)
    Leases(state).close()
