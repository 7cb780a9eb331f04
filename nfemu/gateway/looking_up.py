"""The system's resolver, getaddrinfo(3), in threads of its own.

Theory. It blocks its thread for as long as resolv.conf(5) lets it wait for silent resolvers, and nobody can end it. In
the event loop's own pool a few such names would hold up everything else that is done there, new rules among it. So each
name under way has a thread, however many ask for it, and no more threads than this; whoever asks for one name too many
is told so at once. The threads are daemons: a name that hangs does not keep the carrier from ending.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from threading import Thread

from nfemu.gateway.once import Once
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound, Unavailable

_AT_ONCE = 256
"""Names under way. A line's phone has half as many questions under way (see bearer/dns/desk.py)."""
_PATIENCE_S = 5.0
_IMPATIENT = "timeout:2 attempts:1"
"""Seconds for each resolver, of which the C library asks three at the most (resolv.conf(5)): threads come back."""
_MOST_ADDRESSES = 8
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})

Found = Sequence[tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]]
LookUp = Callable[[str], Found]


def keep_resolver_impatient() -> None:
    """Before the first name is looked up in this process. What whoever started it has chosen stays."""
    os.environ.setdefault("RES_OPTIONS", _IMPATIENT)


def system_look_up(host: str) -> Found:
    """Without the search list. Raises OSError, ValueError."""
    return socket.getaddrinfo(f"{host}.", None, type=socket.SOCK_STREAM)


class SystemNames:
    """`look_up` blocks; it is called in threads."""

    def __init__(self, look_up: LookUp = system_look_up) -> None:
        self._look_up = look_up
        self._looking: Once[str, Found] = Once()
        self._under_way = 0

    async def addresses(self, host: str) -> tuple[IpAddress, ...]:
        """Raises NotFound, Unavailable."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await self._looking.run(host, lambda: self._in_thread(host))
        except TimeoutError as error:
            raise Unavailable(f"the DNS did not answer for `{host}` in time; try again") from error
        except socket.gaierror as error:
            if error.errno in _NO_SUCH_NAME:
                raise NotFound(f"`{host}` does not exist") from error
            raise Unavailable(f"`{host}` cannot be resolved ({error.strerror}); try again") from error
        except ValueError as error:
            raise NotFound(f"`{host}` is no name that the DNS can hold") from error
        addresses = dict.fromkeys(ip_address(str(row[4][0]).partition("%")[0]) for row in found)
        return tuple(addresses)[:_MOST_ADDRESSES]

    async def _in_thread(self, host: str) -> Found:
        if self._under_way >= _AT_ONCE:
            raise Unavailable(f"`{host}` was not looked up: {_AT_ONCE} names are being looked up; try again")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Found] = loop.create_future()

        def ended(found: Found | OSError | ValueError) -> None:
            self._under_way -= 1
            if outcome.done():
                return  # nobody waits any more
            if isinstance(found, Exception):
                outcome.set_exception(found)
            else:
                outcome.set_result(found)

        def work() -> None:
            found = _looked_up(self._look_up, host)
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(ended, found)

        Thread(target=work, name="a name", daemon=True).start()
        self._under_way += 1
        return await outcome


def _looked_up(look_up: LookUp, host: str) -> Found | OSError | ValueError:
    """Or why not."""
    try:
        return look_up(host)
    except (OSError, ValueError) as error:
        return error
