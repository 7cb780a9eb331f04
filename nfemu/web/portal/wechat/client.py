"""A thin client of WeChat Pay's API: signs what it asks, and believes only signed answers."""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.web.portal.wechat.account import MerchantAccount
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.documents import encoded
from nfemu.wechat.signing import request_message, sign


@dataclass(frozen=True, slots=True)
class Answered:
    """Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Transport = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answered]]
"""Method, target, headers, body: to the provider and back. Raises Unavailable."""


_FINAL = (400, 403, 404)
"""Not: signatures (401), too many requests (429), and the provider's own trouble (5xx)."""


class WechatRefused(Unavailable):
    """The API has answered with a refusal. `code` as documented; `is_final`: asked again it would answer the same."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"WeChat Pay answers {code}: {message}")
        self.code = code
        self.is_final = status in _FINAL


class WechatClient:
    """`wall` is aware wall time."""

    def __init__(self, account: MerchantAccount, transport: Transport, wall: Callable[[], datetime]) -> None:
        self.account = account
        self._transport = transport
        self._wall = wall

    async def get(self, target: str) -> dict[str, Any]:
        """Raises WechatRefused, Unavailable."""
        return await self._ask("GET", target, b"")

    async def find(self, target: str) -> dict[str, Any]:
        """The same, with nothing in it where there is no such order."""
        try:
            return await self.get(target)
        except WechatRefused as refusal:
            if refusal.code == "ORDER_NOT_EXIST":
                return {}
            raise

    async def download(self, target: str) -> bytes:
        """A file, which is not signed: whoever asks has its hash. Raises WechatRefused, Unavailable."""
        answered = await self._transport("GET", target, self._headers("GET", target, b""), b"")
        if answered.status >= 300:
            raise _refused(answered)
        return answered.body

    async def post(self, target: str, document: Mapping[str, object]) -> dict[str, Any]:
        """Raises WechatRefused, Unavailable."""
        return await self._ask("POST", target, encoded(document))

    async def _ask(self, method: str, target: str, body: bytes) -> dict[str, Any]:
        answered = await self._transport(method, target, self._headers(method, target, body), body)
        if answered.status == 401:  # of nobody whom it knows, so it is not signed
            raise _refused(answered)
        try:
            self.account.check(answered.headers, answered.body, self._wall())
        except InvalidInput as error:
            raise Unavailable(f"an answer of WeChat Pay is not believed: {error}") from error
        if answered.status >= 300:
            raise _refused(answered)
        return _read(answered.body) if answered.body else {}

    def _headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        account = self.account
        timestamp, nonce = str(int(self._wall().timestamp())), secrets.token_hex(16)
        signature = sign(account.private_key, request_message(method, target, timestamp, nonce, body))
        headers = {
            "authorization": Authorization(account.mchid, account.serial, timestamp, nonce, signature).header(),
            "accept": "application/json",
            "user-agent": "nfemu-portal",
        }
        return {**headers, "content-type": "application/json"} if body else headers


def _refused(answered: Answered) -> WechatRefused:
    fields = _read(answered.body)
    return WechatRefused(answered.status, str(fields.get("code", answered.status)), str(fields.get("message", "")))


def _read(body: bytes) -> dict[str, Any]:
    """Raises Unavailable."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Unavailable(f"an answer of WeChat Pay is not JSON: {error}") from error
    return found if isinstance(found, dict) else {}
