"""One attempt: a POST on a connection of its own, and the status that came back. No redirect is followed, no proxy of
the environment asked, and nothing but the answer's head read."""

import asyncio
import socket
import ssl
from collections.abc import Collection, Mapping

import httptools

from nfemu.model.errors import InvalidInput
from nfemu.webhooks.callback import Callback, check_allowed, check_resolved
from nfemu.webhooks.ladder import Outcome

_MOST_HEAD = 64 * 1024
_READ = 4096


async def post(
    callback: Callback, headers: Mapping[str, str], body: bytes, hosts: Collection[str], within: float
) -> Outcome:
    """`within`: seconds for all of it; a receiver that drips does not get more."""
    try:
        async with asyncio.timeout(within):
            return Outcome(await _exchange(callback, headers, body, hosts))
    except TimeoutError:
        return Outcome(None, f"no answer within {within:g} s")
    except InvalidInput as refusal:
        return Outcome(None, str(refusal))
    except (OSError, httptools.HttpParserError) as error:
        return Outcome(None, f"{type(error).__name__}: {error}")


async def _exchange(callback: Callback, headers: Mapping[str, str], body: bytes, hosts: Collection[str]) -> int:
    secure = ssl.create_default_context() if callback.scheme == "https" else None
    reader, writer = await connected(callback, hosts, secure)
    try:
        writer.write(_request(callback, headers, body))
        await writer.drain()
        return await _status(reader)
    finally:
        writer.transport.abort()


async def connected(
    callback: Callback, hosts: Collection[str], secure: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first address of the host that takes connections. Raises OSError, InvalidInput: nobody calls that one."""
    check_allowed(callback, hosts)
    name = callback.host if secure is not None else None
    failure = OSError(f"`{callback.host}` has no address")
    found = await asyncio.get_running_loop().getaddrinfo(callback.host, callback.port, type=socket.SOCK_STREAM)
    for address in [str(each[4][0]) for each in found]:
        check_resolved(callback, address, hosts)
        try:
            return await asyncio.open_connection(address, callback.port, ssl=secure, server_hostname=name)
        except OSError as error:
            failure = error
    raise failure


def _request(callback: Callback, headers: Mapping[str, str], body: bytes) -> bytes:
    fields = {
        "Host": callback.authority,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": "nfemu-webhooks",
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {callback.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


async def _status(reader: asyncio.StreamReader) -> int:
    """Of the answer, which interim ones (1xx) may precede. Raises OSError where it ends before."""
    answer = _Head()
    answer.parser = parser = httptools.HttpResponseParser(answer)
    left = _MOST_HEAD
    while answer.status is None:
        data = await reader.read(min(_READ, left))
        if not data:
            raise ConnectionResetError("the connection ended before the answer")
        left -= len(data)
        parser.feed_data(data)
    return answer.status


class _Head:
    """What the parser tells; `status` once the final answer's head is there."""

    parser: httptools.HttpResponseParser
    status: int | None = None

    def on_headers_complete(self) -> None:
        code = self.parser.get_status_code()
        if self.status is None and code >= 200:
            self.status = code
