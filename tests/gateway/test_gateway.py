"""The gateway with real processes and real sockets; the engine is the tests' own (echo_engine.py)."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nfemu.carrier.ports import LineState
from nfemu.gateway.gateway import Gateway, GatewayConfig, Wanted
from nfemu.gateway.link.host import Answer
from nfemu.gateway.listeners import ListenerPlan
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.worker_process import WorkerState
from nfemu.model.errors import Conflict, InvalidInput, NotFound, Unavailable
from nfemu.model.identity import Msisdn
from tests.gateway.samples import ARREARS, NOBODY, RULES, RULES_OPEN_ONLY, line

ECHO = (sys.executable, "-m", "tests.gateway.echo_engine")
NUMBER = line().msisdn


class NoNames:
    async def answer(self, host: str) -> Answer:
        raise NotFound(f"`{host}` does not exist")


def config(
    folder: Path, workers: int = 2, argv: tuple[str, ...] = ECHO, lines: Mapping[Msisdn, int] | None = None
) -> GatewayConfig:
    return GatewayConfig(
        folder,
        ListenerPlan("127.0.0.1", 0, 0, lines or {}),
        folder / "origin.sock",
        b"origin",
        workers=workers,
        worker_argv=argv,
    )


@asynccontextmanager
async def running(config: GatewayConfig, lines: list[LineState]) -> AsyncIterator[Gateway]:
    gateway = Gateway(config, RULES, NoNames(), lambda: lines, NOBODY)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


async def ask(gateway: Gateway, number: Msisdn = NUMBER, where: tuple[str, int] | None = None) -> list[str]:
    """The answer of whichever worker accepts, on its HTTP listener or elsewhere: pid, policy, version, profiles."""
    reader, writer = await asyncio.open_connection(*(where or gateway.status().addresses.http))
    try:
        writer.write(f"{number}\n".encode())
        return (await reader.readline()).decode().split()
    finally:
        writer.close()
        await writer.wait_closed()


async def relisten(
    gateway: Gateway, rules: RuleSource, lines: Mapping[Msisdn, int], workers: int | None = None
) -> None:
    async with gateway.reloading(Wanted(rules, ListenerPlan("127.0.0.1", 0, 0, lines), workers)) as switch:
        await switch.now()


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a change that another process makes; there is no event to wait on across processes."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (another process does not set our events)
            await asyncio.sleep(0.01)
    assert condition(), what


def pids(gateway: Gateway) -> list[int]:
    return [worker.pid for worker in gateway.status().workers]


def all_serving(gateway: Gateway) -> bool:
    return all(worker.state is WorkerState.SERVING for worker in gateway.status().workers)


async def test_every_worker_holds_what_was_applied(tmp_path: Path) -> None:
    async with running(config(tmp_path), [line()]) as gateway:
        await gateway.apply(line(version=2, policy="arrears"))
        status = gateway.status()
        assert [point.acknowledged for point in status.points] == [status.sequence] * 2
        assert (await ask(gateway))[1:3] == ["arrears", "2"]


async def test_a_killed_worker_is_replaced_and_a_restricted_line_stays_restricted(tmp_path: Path) -> None:
    async with running(config(tmp_path), [line()]) as gateway:
        await gateway.apply(line(version=2, policy="arrears"))
        victims = pids(gateway)
        os.kill(victims[0], signal.SIGKILL)
        for _ in range(50):
            assert (await ask(gateway))[1:3] == ["arrears", "2"]
        await until(lambda: all_serving(gateway) and victims[0] not in pids(gateway), "replaced")
        os.kill(victims[1], signal.SIGKILL)
        await until(lambda: all_serving(gateway) and victims[1] not in pids(gateway), "replaced")
        assert (await ask(gateway))[1:3] == ["arrears", "2"]
        assert [worker.restarts for worker in gateway.status().workers] == [1, 1]


async def test_a_stopped_worker_is_taken_out_and_apply_returns(tmp_path: Path) -> None:
    async with running(config(tmp_path), [line()]) as gateway:
        stopped = pids(gateway)[0]
        os.kill(stopped, signal.SIGSTOP)
        async with asyncio.timeout(5):
            await gateway.apply(line(version=2, policy="arrears"))
        with pytest.raises(ProcessLookupError):
            os.kill(stopped, 0)
        await until(lambda: all_serving(gateway), "replaced")
        assert stopped not in pids(gateway)


async def test_a_hanging_worker_is_replaced_without_any_change(tmp_path: Path) -> None:
    async with running(config(tmp_path, workers=1), [line()]) as gateway:
        stopped = pids(gateway)[0]
        os.kill(stopped, signal.SIGSTOP)
        await until(lambda: stopped not in pids(gateway) and all_serving(gateway), "replaced")
        assert (await ask(gateway))[1:3] == ["open", "1"]


async def test_ten_applies_at_once(tmp_path: Path) -> None:
    async with running(config(tmp_path), []) as gateway:
        await asyncio.gather(*(gateway.apply(line(number, 2, "arrears")) for number in range(10)))
        for number in range(10):
            assert (await ask(gateway, line(number).msisdn))[1:3] == ["arrears", "2"]


async def test_an_older_version_changes_nothing(tmp_path: Path) -> None:
    async with running(config(tmp_path, workers=1), [line(version=5, policy="arrears")]) as gateway:
        await gateway.apply(line(version=4, policy="open"))
        assert (await ask(gateway))[1:3] == ["arrears", "5"]


async def test_a_new_worker_hears_of_a_thousand_lines_and_of_what_was_applied_since(tmp_path: Path) -> None:
    lines = [line(number) for number in range(1000)]
    async with running(config(tmp_path, workers=1), lines) as gateway:
        await gateway.apply(line(999, 2, "arrears"))
        os.kill(pids(gateway)[0], signal.SIGKILL)
        assert (await ask(gateway, line(999).msisdn))[1:3] == ["arrears", "2"]
        assert (await ask(gateway, line(500).msisdn))[1:3] == ["open", "1"]


async def test_without_a_worker_apply_returns_and_connections_wait(tmp_path: Path) -> None:
    async with running(config(tmp_path, workers=1), [line()]) as gateway:
        asked = asyncio.create_task(gateway.apply(line(version=2, policy="arrears")))
        os.kill(pids(gateway)[0], signal.SIGKILL)
        async with asyncio.timeout(5):
            await asked
            await gateway.apply(line(version=3, policy="arrears"))
        assert (await ask(gateway))[1:3] == ["arrears", "3"]


async def test_new_rules_are_in_force_everywhere_when_reload_returns(tmp_path: Path) -> None:
    async with running(config(tmp_path), [line()]) as gateway:
        await gateway.reload(RULES_OPEN_ONLY)
        status = gateway.status()
        assert [point.rules for point in status.points] == [status.sequence] * 2
        assert (await ask(gateway))[3] == "open"


async def test_rules_that_make_no_sense_leave_the_old_ones(tmp_path: Path) -> None:
    async with running(config(tmp_path, workers=1), [line()]) as gateway:
        with pytest.raises(InvalidInput):
            await gateway.reload(RULES.__class__((), (ARREARS,)))
        assert (await ask(gateway))[3] == "open,arrears"


async def test_listeners_come_and_go_without_a_refused_connection(tmp_path: Path) -> None:
    async with running(config(tmp_path), [line(), line(1)]) as gateway:
        before = pids(gateway)
        done = asyncio.Event()

        async def traffic() -> int:
            asked = 0
            while not done.is_set():
                answer = await ask(gateway)
                asked += bool(answer)
            return asked

        asking = asyncio.create_task(traffic())
        await relisten(gateway, RULES, {line(1).msisdn: 0})
        done.set()
        assert await asking > 0
        assert not set(before) & set(pids(gateway))
        address = gateway.status().addresses.lines[line(1).msisdn]
        reader, writer = await asyncio.open_connection(*address)
        assert (await reader.readline()).split()[1:3] == [b"open", b"1"]
        writer.close()
        await relisten(gateway, RULES, {})
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)


async def test_more_and_fewer_workers(tmp_path: Path) -> None:
    async with running(config(tmp_path, workers=1), [line()]) as gateway:
        await relisten(gateway, RULES_OPEN_ONLY, {}, workers=3)
        assert len(pids(gateway)) == 3
        assert all_serving(gateway)
        assert (await ask(gateway))[3] == "open"
        await relisten(gateway, RULES, {}, workers=1)
        (left,) = pids(gateway)
        await relisten(gateway, RULES, {}, workers=1)
        assert pids(gateway) == [left]


async def test_a_switch_that_does_not_come_leaves_everything(tmp_path: Path) -> None:
    """Something else of the reload failed."""
    async with running(config(tmp_path, workers=1), [line()]) as gateway:
        before, addresses = pids(gateway), gateway.status().addresses
        wanted = Wanted(RULES_OPEN_ONLY, ListenerPlan("127.0.0.1", 0, 0, {line().msisdn: 0}), 2)
        with pytest.raises(Conflict, match="elsewhere"):
            async with gateway.reloading(wanted):
                raise Conflict("elsewhere")
        assert (pids(gateway), gateway.status().addresses) == (before, addresses)
        assert (await ask(gateway))[3] == "open,arrears"


async def test_rules_and_lines_in_one_step(tmp_path: Path) -> None:
    """A worker that comes later has both too."""
    async with running(config(tmp_path, workers=1), [line()]) as gateway:
        async with gateway.reloading(Wanted(RULES_OPEN_ONLY)) as switch:
            await switch.now([line(version=2, policy="arrears")])
        assert (await ask(gateway))[1:] == ["arrears", "2", "open"]
        (before,) = pids(gateway)
        os.kill(before, signal.SIGKILL)
        await until(lambda: pids(gateway) != [before] and all_serving(gateway), "replaced")
        assert (await ask(gateway))[1:] == ["arrears", "2", "open"]


async def test_a_port_in_use_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    async with running(config(tmp_path, workers=1), []) as first:
        port = first.status().addresses.http[1]
        second = Gateway(
            GatewayConfig(
                tmp_path, ListenerPlan("127.0.0.1", port, 0, {}), tmp_path / "o", b"", workers=1, worker_argv=ECHO
            ),
            RULES,
            NoNames(),
            list,
            NOBODY,
        )
        with pytest.raises(Conflict, match=rf"port `{port}` .* in use.*`proxy.http_port`"):
            await second.start()
        assert await ask(first)


async def test_workers_that_cannot_start_are_an_error(tmp_path: Path) -> None:
    gateway = Gateway(
        config(tmp_path, argv=(sys.executable, "-c", "raise SystemExit('no')")), RULES, NoNames(), list, NOBODY
    )
    with pytest.raises(Unavailable, match=r"nfemu\.log"):
        await gateway.start()
    assert "no" in (tmp_path / "nfemu.log").read_text()


async def test_stop_leaves_no_process(tmp_path: Path) -> None:
    async with running(config(tmp_path), []) as gateway:
        alive = pids(gateway)
    for pid in alive:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not (tmp_path / "control.sock").exists()


async def test_a_stopped_worker_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with running(config(tmp_path, workers=1), []) as gateway:
        os.kill(pids(gateway)[0], signal.SIGSTOP)
        async with asyncio.timeout(10):
            await gateway.stop()


def sockets_and_pipes(pid: int | str) -> set[str]:
    held = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()}
    return {name for name in held if name.startswith(("socket:", "pipe:"))}


async def test_workers_inherit_the_listening_sockets_only(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    try:
        async with running(config(tmp_path, workers=1), []) as gateway:
            (pid,) = pids(gateway)
            shared = sockets_and_pipes(pid) & sockets_and_pipes("self")
            assert len(shared) == 2, "the HTTP and the SOCKS listener"
    finally:
        os.close(read_end)
        os.close(write_end)


async def test_secrets_are_for_this_user_only(tmp_path: Path) -> None:
    async with running(config(tmp_path, workers=1), []):
        for name in ("control.sock", "link.token", "nfemu.log"):
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


async def test_a_worker_that_cannot_be_started_at_all_is_an_error(tmp_path: Path) -> None:
    gateway = Gateway(config(tmp_path, argv=(str(tmp_path / "missing"),)), RULES, NoNames(), list, NOBODY)
    with pytest.raises(Unavailable, match="do not start"):
        await gateway.start()
    with pytest.raises(Unavailable, match="does not run"):
        gateway.status()


async def test_new_listeners_that_no_worker_can_serve_change_nothing(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    root = Path(__file__).parents[2]
    start = "runpy.run_module('tests.gateway.echo_engine', run_name='__main__')"
    script.write_text(f"import runpy, sys\nsys.path.insert(0, {str(root)!r})\n{start}\n")
    async with running(config(tmp_path, workers=1, argv=(sys.executable, str(script))), [line()]) as gateway:
        before = pids(gateway)
        script.write_text("raise SystemExit('no')\n")
        with pytest.raises(Unavailable, match="new listeners"):
            await relisten(gateway, RULES_OPEN_ONLY, {line(1).msisdn: 0})
        assert pids(gateway) == before
        assert gateway.status().addresses.lines == {}
        assert (await ask(gateway))[3] == "open,arrears"


async def test_before_the_start_apply_returns_and_rules_may_be_replaced(tmp_path: Path) -> None:
    gateway = Gateway(config(tmp_path, workers=1), RULES, NoNames(), list, NOBODY)
    await gateway.apply(line(version=3, policy="arrears"))
    await relisten(gateway, RULES_OPEN_ONLY, {line(1).msisdn: 0})
    with pytest.raises(Unavailable):
        gateway.status()
    await gateway.start()
    try:
        assert (await ask(gateway))[1:] == ["arrears", "3", "open"]
    finally:
        await gateway.stop()
        await gateway.stop()
