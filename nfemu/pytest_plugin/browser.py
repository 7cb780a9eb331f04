"""Chromium on a subscriber's line: driven by Playwright where that is installed, else headless, a page at a time."""

import shlex
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from nfemu.client import StateFolder
from nfemu.client.line.chromium import installed
from nfemu.client.line.programs import Programs
from nfemu.client.line.way import PASSWORD, ByProxy, proxy_of
from nfemu.client.values import Subscriber
from nfemu.model.errors import Unavailable
from nfemu.pytest_plugin.folders import OwnFolder

if TYPE_CHECKING:
    from playwright.sync_api import Page

_FLAGS = (
    "--no-sandbox",  # it needs namespaces of its own, and may be in one of the line's already
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
_NO_CHROMIUM = "needs Chromium: a package of the system, or `playwright install chromium`"
_NO_PLAYWRIGHT = "needs Playwright: `pip install playwright`"
_LOAD_S = 60.0


@dataclass(slots=True)
class Browser:
    """`proxy` where the line has no IP interface. `folder` is gone at the end."""

    state: StateFolder
    number: str
    proxy: ByProxy | None
    folder: OwnFolder
    _driven: list[Any] = field(default_factory=list)
    """Playwright, its browser and the page, once there are."""

    @classmethod
    def on_line(cls, state: StateFolder, line: Subscriber, has_bearer: bool) -> Self:
        proxy = None if has_bearer else proxy_of(state.status(), line)
        return cls(state, line.e164, proxy, OwnFolder())

    @property
    def page(self) -> "Page":
        """Playwright's, of the synchronous API; the test is skipped without Playwright or Chromium."""
        if not self._driven:
            if find_spec("playwright") is None:
                pytest.skip(_NO_PLAYWRIGHT)
            self._driven += self._drive()
        page: Page = self._driven[-1]
        return page

    def open(self, url: str) -> str:
        """Load a page; its HTML as scripts have left it."""
        if find_spec("playwright") is None:
            return self._dumped(url)
        self.page.goto(url)
        return str(self.page.content())

    def close(self) -> None:
        if self._driven:
            playwright, browser, _ = self._driven
            browser.close()
            playwright.stop()
            self._driven.clear()
        self.folder.remove()

    def _drive(self) -> tuple[Any, Any, Any]:
        from playwright.sync_api import sync_playwright

        playwright = sync_playwright().start()
        own = Path(playwright.chromium.executable_path)
        chromium = installed() or (str(own) if own.exists() else None)
        if chromium is None:
            playwright.stop()
            pytest.skip(_NO_CHROMIUM)
        browser = playwright.chromium.launch(
            executable_path=self._launcher(chromium), args=_FLAGS, proxy=self._playwright_proxy()
        )
        return playwright, browser, browser.new_page()

    def _playwright_proxy(self) -> Any:
        if self.proxy is None:
            return None
        server = {"server": f"http://{self.proxy.host}:{self.proxy.port}"}
        return {**server, "username": self.proxy.user, "password": PASSWORD} if self.proxy.user else server

    def _launcher(self, chromium: str) -> Path:
        """A program that is Chromium on the line, as `nfemu exec` starts it."""
        script = self.folder.path / "chromium-on-line"
        script.write_text(f'#!/bin/sh\nexec {shlex.join([*_become(self.state, self.number), chromium])} "$@"\n')
        script.chmod(0o700)
        return script

    def _dumped(self, url: str) -> str:
        chromium = installed()
        if chromium is None:
            pytest.skip(_NO_CHROMIUM)
        if self.proxy is not None and self.proxy.user:
            pytest.skip(f"Chromium gives a proxy no user name by itself; {_NO_PLAYWRIGHT}, or a listener of the line")
        by = () if self.proxy is None else (f"--proxy-server={self.proxy.host}:{self.proxy.port}",)
        profile = f"--user-data-dir={self.folder.path / 'profile'}"
        command = [chromium, "--headless=new", *_FLAGS, *by, profile, "--dump-dom", url]
        ran = Programs(self.state, self.number).run(command, "", _LOAD_S)
        if ran.status != 0:
            raise Unavailable(f"Chromium did not load `{url}`: {ran.err.strip()[-500:]}")
        return ran.out


def _become(state: StateFolder, number: str) -> list[str]:
    return [sys.executable, "-P", "-m", "nfemu.client.line.become", str(state.path), number]
