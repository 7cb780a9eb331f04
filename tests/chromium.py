"""A headless Chromium driven over the DevTools protocol: a real browser's cookies, redirects, CSP and certificates."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, Request

Dial = Callable[[tuple[str, int]], socket.socket]
BINARY = shutil.which("chromium")
CERTUTIL = shutil.which("certutil")

WIDTH, HEIGHT = 390, 844
"""Of the screen, in CSS pixels: an ordinary phone."""


class Chromium:
    """One browser with one page and a home of its own, where `ca_pem` is trusted; everything goes by `proxy`, or where
    `launcher` puts it: a command that runs it elsewhere, and `dial` connects to its loopback there.

    `language` is what it asks sites for.
    """

    def __init__(
        self,
        folder: Path,
        ca_pem: Path,
        proxy: str | None,
        language: str = "en",
        launcher: Sequence[str] = (),
        dial: Dial = socket.create_connection,
    ) -> None:
        self._home = folder
        self._language = language
        self._ca = ca_pem
        self._route = () if proxy is None else (f"--proxy-server={proxy}", "--proxy-bypass-list=<-loopback>")
        self._launcher = launcher
        self._dial = dial
        self._process: asyncio.subprocess.Process | None = None
        self._numbers = itertools.count(1)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._messages: list[dict[str, Any]] = []
        self._part = ""
        self.console: list[str] = []

    async def start(self) -> None:
        assert BINARY is not None
        await self._trust()
        self._process = await asyncio.create_subprocess_exec(
            *(*self._launcher, BINARY, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"),
            *("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", "--disable-dev-shm-usage"),
            *(f"--user-data-dir={self._home / 'profile'}", *self._route),
            *(f"--accept-lang={self._language}", "about:blank"),
            env={**os.environ, "HOME": str(self._home)},
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        while b"DevTools listening on ws://" not in (line := await self._process.stderr.readline()):
            assert line, "chromium ended"
        self._drain = asyncio.create_task(self._process.stderr.read())
        host, _, path = line.decode().strip().partition("ws://")[2].partition("/")
        name, _, port = host.partition(":")
        self._reader, self._writer = await asyncio.open_connection(sock=self._dial((name, int(port))))
        self._writer.write(self._protocol.send(Request(host=host, target=f"/{path}")))
        await self._receive()
        targets = await self._call("Target.getTargets")
        page = next(each for each in targets["targetInfos"] if each["type"] == "page")
        attached = await self._call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Log", "Runtime"):
            await self.call(f"{domain}.enable")
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=2, mobile=True
        )

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._writer.close()
            await self._drain

    async def open(self, url: str) -> str:
        """Load a page; its text. `text` of an error page names Chromium's error code."""
        await self.call("Page.navigate", url=url)
        return await self.loaded()

    async def click(self, selector: str) -> str:
        """Click what leads to another page; that page's text."""
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        return await self.loaded()

    async def type(self, selector: str, text: str) -> None:
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.call("Input.insertText", text=text)

    async def loaded(self) -> str:
        """Wait for the page's load event; its text."""
        while True:
            if any(message.get("method") == "Page.loadEventFired" for message in self._messages):
                break
            await self._receive()
        self._messages.clear()
        return str(await self.evaluate("document.body.innerText"))

    async def url(self) -> str:
        return str(await self.evaluate("location.href"))

    async def screenshot(self) -> bytes:
        """The whole page as a PNG."""
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    async def evaluate(self, script: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=script, userGesture=True))["result"].get("value")

    async def call(self, method: str, **parameters: Any) -> Any:
        return await self._call(method, session=self._session, **parameters)

    async def _call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        number = next(self._numbers)
        request: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            request["sessionId"] = session
        self._writer.write(self._protocol.send(Message(data=json.dumps(request))))
        while True:
            for message in self._messages:
                if message.get("id") == number:
                    self._messages.remove(message)
                    return message["result"]
            await self._receive()

    async def _receive(self) -> None:
        data = await self._reader.read(65536)
        assert data, "chromium ended"
        self._protocol.receive_data(data)
        for event in self._protocol.events():
            assert isinstance(event, Message | AcceptConnection), event
            if isinstance(event, Message):
                self._part += str(event.data)
                if event.message_finished:
                    self._take(json.loads(self._part))
                    self._part = ""

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Log.entryAdded":
            self.console.append(message["params"]["entry"]["text"])
        self._messages.append(message)

    async def _trust(self) -> None:
        """Chromium on Linux reads the authorities of its user from an NSS database in the home folder."""
        assert CERTUTIL is not None
        database = self._home / ".pki" / "nssdb"
        database.mkdir(parents=True)
        for arguments in (
            ["-N", "--empty-password"],
            ["-A", "-n", "nfemu", "-t", "C,,", "-i", str(self._ca)],
        ):
            made = await asyncio.create_subprocess_exec(CERTUTIL, "-d", f"sql:{database}", *arguments)
            assert await made.wait() == 0
