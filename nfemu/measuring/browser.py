"""A headless Chromium on the line that has the site open in a tab: the warm browser.

It is driven by the DevTools protocol over a pair of pipes (`--remote-debugging-pipe`: requests on descriptor 3, answers
on 4, each ended by a zero octet), so that nothing listens anywhere. `python -P -m nfemu.measuring.browser CORE NETWORK
RESOLVERS PROGRAM…` puts it onto a bearer; by proxy it runs beside us.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from nfemu.client.line.chromium import installed
from nfemu.measuring.phone import HOST
from nfemu.model.errors import Unavailable

BINARY = installed()
_PATIENCE_S = 30.0
_MOST = 1 << 24
"""Octets of one message."""
_SWITCHES = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe"),
)
_WITH_PIPES = 'exec 3<&0 4>&1 </dev/null >/dev/null 2>&1; exec "$@"'
_LOADED = "new Promise(done => document.readyState == 'complete' ? done(1) : addEventListener('load', () => done(1)))"
_PAGE = """\
fetch('/', {cache: 'no-store', redirect: 'manual'}).then(
    answer => answer.status == 200 ? answer.text().then(text => text.length) : 0, () => 0)
"""
"""Octets of the site's page, as a script in the tab gets it; 0 where it is redirected or refused."""


class Onto(Protocol):
    """See `bearer` and `proxy`."""

    def __call__(self, program: Sequence[str]) -> tuple[str, ...]:
        """The command that runs `program` on the line."""


def bearer(core: int, network: int, resolvers: Sequence[str]) -> Onto:
    entrance = (sys.executable, "-P", "-m", "nfemu.measuring.browser", str(core), str(network), ",".join(resolvers))
    return lambda program: (*entrance, *program)


def proxy(place: str) -> Onto:
    """`place`: the line's own listener."""
    return lambda program: (*program, f"--proxy-server=http://{place}", "--proxy-bypass-list=<-loopback>")


class Tab:
    """One page of the site, open."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - asked for
        assert process.stdout is not None  # noqa: S101 - asked for
        self._requests = process.stdin
        self._answers = process.stdout
        self._count = 0
        self._session: dict[str, str] = {}

    async def open(self) -> None:
        """Raises Unavailable."""
        target = (await self._ask("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        await self._ask("Page.setBypassCSP", enabled=True)
        await self._ask("Page.navigate", url=f"http://{HOST}/")
        await self._evaluated(_LOADED)
        if not await self.page():
            raise Unavailable(f"Chromium does not get `http://{HOST}/` on the open line")

    async def page(self) -> int:
        """Octets that the tab gets for its next request. Raises Unavailable."""
        return int(await self._evaluated(_PAGE))

    async def _evaluated(self, script: str) -> Any:
        found = await self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return found["result"].get("value", 0)

    async def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._count += 1
        request = {"id": self._count, "method": method, "params": parameters, **self._session}
        self._requests.write(json.dumps(request).encode() + b"\0")
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while (answer := json.loads((await self._answers.readuntil(b"\0"))[:-1])).get("id") != self._count:
                    pass  # events
        except (TimeoutError, asyncio.IncompleteReadError):
            raise Unavailable(f"Chromium does not answer `{method}`") from None
        if "error" in answer:
            raise Unavailable(f"Chromium refuses `{method}`: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result


@asynccontextmanager
async def warm(onto: Onto, home: Path) -> AsyncIterator[Tab]:
    """With the site open, while the line is. `home` is its own. Raises Unavailable."""
    if BINARY is None:
        raise Unavailable("there is no Chromium on PATH")
    program = onto((BINARY, *_SWITCHES, f"--user-data-dir={home}"))
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", _WITH_PIPES, "sh", *program),
        env={**os.environ, "HOME": str(home)},
        stdin=-1,
        stdout=-1,
        limit=_MOST,
        start_new_session=True,
    )
    try:
        tab = Tab(process)
        await tab.open()
        yield tab
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def main(arguments: Sequence[str]) -> None:
    """On the line. Raises Unavailable."""
    from nfemu.namespaces.enter import run_on_line

    core, network, resolvers, *program = arguments
    run_on_line(int(core), int(network), resolvers.split(","), {}, lambda: os.execvp(program[0], program))  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
