"""One connection to the API: requests with the token, JSON both ways, problem documents as errors."""

import contextlib
import http.client
import json
import select
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from nfemu.client.errors import ClientError, not_running
from nfemu.model.errors import InvalidInput, Unavailable

_PREFIX = "/api/v1"
_NOTHING: Mapping[str, Any] = {}


class Transport:
    """Kept alive between requests.

    `timeout` in seconds, for each step of an exchange, unless one says another (`within`); after `patience` seconds of
    silence the server is asked whether it is there at all, and has as many to say so. `silent`: the error where it
    does not.
    """

    def __init__(self, url: str, token: str, timeout: float, patience: float, silent: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise InvalidInput(f"`{url}` is not the address of the API; write it like http://127.0.0.1:8600")
        self._url = url
        self._place = parts.hostname, parts.port or 80
        self._timeout = timeout
        self._patience = patience
        self._silent = silent
        self._connection = http.client.HTTPConnection(*self._place, timeout=timeout)
        self._interrupted = False
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def get(self, *path: str, **query: object) -> Any:
        """The JSON at `path` (segments); parameters that are None are left out."""
        return self._exchange("GET", path, _encoded(query), None, {}, None)

    def post(
        self,
        *path: str,
        body: object = None,
        headers: Mapping[str, str] = _NOTHING,
        query: Mapping[str, object] = _NOTHING,
        within: float | None = None,
    ) -> Any:
        return self._exchange("POST", path, _encoded(query), body, headers, within)

    def put(self, *path: str, body: object, within: float | None = None) -> Any:
        return self._exchange("PUT", path, "", body, {}, within)

    def delete(self, *path: str) -> Any:
        return self._exchange("DELETE", path, "", None, {}, None)

    def close(self) -> None:
        self._connection.close()

    def interrupt(self) -> None:
        """From another thread: whoever waits for an answer has Unavailable, and so has whoever asks after that."""
        self._interrupted = True
        waited_at = self._connection.sock
        if waited_at is not None:
            with contextlib.suppress(OSError):  # it has ended by itself
                waited_at.shutdown(socket.SHUT_RDWR)

    def _exchange(
        self,
        method: str,
        path: tuple[str, ...],
        query: str,
        body: object,
        headers: Mapping[str, str],
        within: float | None,
    ) -> Any:
        target = "/".join([_PREFIX, *map(_quoted, path)]) + query
        given = {**self._headers, **headers}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            given["Content-Type"] = "application/json"
        self._drop_stale()
        try:
            self._check_wanted()
            self._connection.request(method, target, content, given)
            self._wait_for_answer(self._timeout if within is None else within)
            response = self._connection.getresponse()
            text = response.read()
        except ConnectionRefusedError:
            raise Unavailable(not_running()) from None
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unavailable(f"the API at `{self._url}` does not answer ({error}); see `nfemu status`") from None
        return _read(response.status, text)

    def _wait_for_answer(self, within: float) -> None:
        """Raises Unavailable, long before the time is over, where nobody is at work on it."""
        deadline = time.monotonic() + within
        while not _readable(self._connection, self._patience):
            self._check_wanted()
            if time.monotonic() >= deadline:
                raise TimeoutError("timed out")
            self._check_alive()

    def _check_wanted(self) -> None:
        """Raises Unavailable."""
        if self._interrupted:
            raise Unavailable(f"what was asked of the API at `{self._url}` was interrupted")

    def _check_alive(self) -> None:
        """The kernel takes connections and requests for a process that is stopped, too. Raises Unavailable."""
        aside = http.client.HTTPConnection(*self._place, timeout=self._patience)
        try:
            aside.request("GET", "/healthz")
            aside.getresponse()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise Unavailable(self._silent) from None
        finally:
            aside.close()

    def _drop_stale(self) -> None:
        """A server ends connections that nobody uses for some seconds; then the next request opens a new one.

        To send first and repeat what fails is no way: a payment must not be sent twice.
        """
        if self._connection.sock is not None and _readable(self._connection, 0):
            self._connection.close()


def _readable(connection: http.client.HTTPConnection, within_s: float) -> bool:
    """Whether something, or the end, has come from the server."""
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    return bool(waiting.poll(within_s * 1000))


def _encoded(query: Mapping[str, object]) -> str:
    """Raises InvalidInput."""
    wanted = {name: value for name, value in query.items() if value is not None}
    try:
        return f"?{urlencode(wanted)}" if wanted else ""
    except UnicodeEncodeError as error:
        raise _no_text(error) from None


def _quoted(segment: str) -> str:
    """Raises InvalidInput."""
    try:
        return quote(segment, safe="")
    except UnicodeEncodeError as error:
        raise _no_text(error) from None


def _no_text(error: UnicodeEncodeError) -> InvalidInput:
    """Octets that are not UTF-8 come from a command's arguments as lone surrogates (PEP 383)."""
    return InvalidInput(f"`{ascii(error.object)[1:-1]}` has octets that are not UTF-8 text; write it in UTF-8")


def _read(status: int, text: bytes) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if status < 300 and value is not None:
        return value
    if isinstance(value, dict) and "detail" in value:
        raise ClientError(status, str(value["detail"]))
    raise ClientError(status, f"what answered with status {status} is not nfemu's API; check the address")
