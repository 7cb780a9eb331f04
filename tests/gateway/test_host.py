"""What every enforcement point is told and reports to, without any of them running."""

import os
from dataclasses import replace
from pathlib import Path

from nfemu.gateway.host import BEARERS, Host
from nfemu.gateway.link.messages import BlockedLine, Role
from nfemu.gateway.supervisor import Supervisor
from nfemu.gateway.worker_process import WORKER_ARGV, Command
from nfemu.model.identity import Msisdn, PolicyName
from nfemu.model.usage import Usage
from tests.gateway.samples import NOBODY, RULES, line
from tests.gateway.test_exchange_bearers import CAPPED, FakeBearers
from tests.gateway.test_gateway import NoNames

ARREARS = PolicyName("arrears")
KEY = line().imsi, ARREARS


def host_in(folder: Path, blocked: list[tuple[Msisdn, int]]) -> Host:
    supervisor = Supervisor(Command(folder / "control.sock", folder / "token", folder / "log", WORKER_ARGV), 1)
    observer = replace(NOBODY, blocked=lambda *what: blocked.append(what))
    return Host(RULES, NoNames(), lambda: [line(version=2)], observer, supervisor, 1.0)


async def test_use_counts_under_a_cap_that_comes_later(tmp_path: Path) -> None:
    host, bearers = host_in(tmp_path, []), FakeBearers()
    host.join(bearers)
    assert host.used("worker", [Usage(*KEY, "portal", 600, 400)]) == []
    assert host.capped(line().imsi) == frozenset()
    assert host.replace(CAPPED) == [KEY]
    assert host.capped(line().imsi) == {ARREARS}
    assert [each.others for each in host.allowances(BEARERS, [KEY])] == [1000]
    host.start_day()
    assert host.capped(line().imsi) == frozenset()
    assert len(bearers.days) == 2
    bearers.workers[0].close()


async def test_what_was_applied_may_be_ahead_of_what_is_stored(tmp_path: Path) -> None:
    host = host_in(tmp_path, [])
    host.latest.put(line(version=3, policy="arrears"))
    assert [(each.version, each.policy) for each in host.lines()] == [(3, ARREARS)]


async def test_only_own_children_are_workers(tmp_path: Path) -> None:
    blocked: list[tuple[Msisdn, int]] = []
    host = host_in(tmp_path, blocked)
    assert host.admits(Role.ADDON, os.getpid())
    assert not host.admits(Role.WORKER, os.getpid())
    host.blocked([BlockedLine(line().msisdn, 2)])
    assert blocked == [(line().msisdn, 2)]
