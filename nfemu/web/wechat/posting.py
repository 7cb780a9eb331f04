"""Notifications over the wire: one HTTP/1.1 request to the merchant's URL, its answer within five seconds.

Called are whom webhooks may call, too: this machine, and hosts that the configuration names. A merchant on this machine
is believed whatever its certificate, since nobody is between; of any other it must be one of the emulator's authority
or of the system's.
"""

import asyncio
import ssl
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httptools

from nfemu.model.errors import InvalidInput
from nfemu.web.wechat.outbox import ANSWER_WITHIN, Heard
from nfemu.webhooks.callback import Callback
from nfemu.webhooks.posting import connected

_MOST = 64 * 1024


class Post:
    """`authority`: certificate file of the emulator's authority, there by the first use. `place`: where a host really
    is; None: where its name leads, if it is this machine or one of `hosts`.
    """

    def __init__(
        self,
        authority: Path,
        place: Callable[[str], tuple[str, int] | None],
        hosts: Callable[[], Collection[str]] = tuple,
        within: float = ANSWER_WITHIN,
    ) -> None:
        self._authority = authority
        self._place = place
        self._hosts = hosts
        self._within = within
        self._contexts: dict[bool, ssl.SSLContext] = {}

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        """See `Deliver`."""
        try:
            async with asyncio.timeout(self._within):
                return await self._exchange(urlsplit(url), body, headers)
        except TimeoutError:
            return Heard(0, f"no answer within {self._within:g} s")
        except InvalidInput as refusal:
            return Heard(0, str(refusal))
        except (OSError, ValueError, httptools.HttpParserError) as error:
            return Heard(0, f"{type(error).__name__}: {error}")

    async def _exchange(self, url: SplitResult, body: bytes, headers: Mapping[str, str]) -> Heard:
        callback = Callback.parse(url.geturl())
        placed = self._place(callback.host)
        secure = self._tls(callback.host if placed is None else placed[0]) if callback.scheme == "https" else None
        if placed is None:
            reader, writer = await connected(callback, self._hosts(), secure)
        else:
            name = callback.host if secure is not None else None
            reader, writer = await asyncio.open_connection(*placed, ssl=secure, server_hostname=name)
        try:
            writer.write(_request(url, body, headers))
            return await _answer(reader)
        finally:
            writer.close()

    def _tls(self, host: str) -> ssl.SSLContext:
        local = _is_local(host)
        if local not in self._contexts:
            context = ssl.create_default_context()
            context.load_verify_locations(self._authority)
            if local:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._contexts[local] = context
        return self._contexts[local]


class _Reading:
    """What httptools has found so far."""

    def __init__(self) -> None:
        self.body = b""
        self.complete = False

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.complete = True


def _request(url: SplitResult, body: bytes, headers: Mapping[str, str]) -> bytes:
    sent = {
        "Host": url.netloc.rpartition("@")[2],
        "User-Agent": "Mozilla/4.0",
        "Accept": "*/*",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {url.path or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


async def _answer(reader: asyncio.StreamReader) -> Heard:
    reading = _Reading()
    parser = httptools.HttpResponseParser(reading)
    received = 0
    while not reading.complete and received <= _MOST:
        part = await reader.read(_MOST)
        if not part:
            break
        received += len(part)
        parser.feed_data(part)
    status = parser.get_status_code() if received else 0
    return Heard(
        status, reading.body.decode("utf-8", "replace") if status else "the connection ended without an answer"
    )


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
