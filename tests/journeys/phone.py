"""A phone's browser without JavaScript: real curl with a cookie jar, which opens, clicks and fills in."""

import html
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from tests.journeys.carrier import CarrierProcess
from tests.web.stack import fields

PIN = "123456"


@dataclass(frozen=True, slots=True)
class Page:
    """Where the redirects ended. `status` 0: no answer."""

    status: int
    url: str
    head: str
    text: str


NOTHING = Page(0, "", "", "")


@dataclass
class Phone:
    """`way`: what curl's command begins with, up to the proxy that it goes by, if any."""

    way: Sequence[str]
    ca: str
    folder: Path
    language: str | None = None
    page: Page = field(default=NOTHING)

    @classmethod
    def on_line(cls, carrier: CarrierProcess, number: str, folder: Path, language: str | None = None) -> "Phone":
        """By the carrier's shared HTTP listener."""
        running = carrier.running
        return cls.by_proxy(f"http://{number}:x@{running.http_proxy}", running.ca, folder, language)

    @classmethod
    def by_proxy(cls, proxy: str, ca: str, folder: Path, language: str | None = None) -> "Phone":
        """`proxy`: its URL, with the number as user name."""
        return cls(("curl", "--proxy", proxy), ca, folder, language)

    @classmethod
    def on_bearer(cls, carrier: CarrierProcess, number: str, folder: Path) -> "Phone":
        """On the line's own interface."""
        command = carrier.command("--state", str(carrier.state.path), "exec", number, "--", "curl")
        return cls(command, carrier.running.ca, folder)

    def open(self, url: str, *options: str) -> Page:
        """Follow redirects, as a browser does."""
        self.page = self.ask(url, "-L", "--max-redirs", "8", *options)
        return self.page

    def click(self, text: str) -> Page:
        """The link with that text."""
        links = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', self.page.text)
        (target,) = [link for link, label in links if text in html.unescape(label)]
        return self.open(urljoin(self.page.url, html.unescape(target)))

    def submit(self, **changed: str) -> Page:
        """Send the page's first form that has those fields."""
        forms = re.findall(r'<form method="post" action="([^"]*)">(.*?)</form>', self.page.text, re.DOTALL)
        action, inside = next(form for form in forms if set(changed) <= set(fields(form[1])))
        values = {**fields(inside), **changed}
        data = [part for name, value in values.items() for part in ("--data-urlencode", f"{name}={value}")]
        return self.open(urljoin(self.page.url, html.unescape(action)), *(data or ["--data", ""]))

    def ask(self, url: str, *options: str) -> Page:
        """One request, redirects not followed unless asked for."""
        head, body = self.folder / "head", self.folder / "body"
        for path in (head, body):
            path.write_bytes(b"")
        languages = ("-H", f"Accept-Language: {self.language}") if self.language else ()
        done = subprocess.run(
            [
                *(*self.way, "-s", "--max-time", "20", "--cacert", self.ca),
                *("-b", self.folder / "jar", "-c", self.folder / "jar", "-D", head, "-o", body),
                *("-w", "%{http_code} %{url_effective}", *languages, *options, url),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        status, _, reached = done.stdout.partition(" ")
        return Page(int(status), reached, head.read_text(errors="replace"), body.read_text(errors="replace"))

    def pay(self) -> Page:
        """From the landing page to the page that says what became of it."""
        self.submit()
        self.submit(amount=self.proposed())
        self.click("¥")
        return self.submit(pin=PIN)

    def proposed(self) -> str:
        """The amount that the order page fills in."""
        return fields(self.page.text)["amount"]
