"""The `Authorization` header of a merchant's request."""

import re
from dataclasses import dataclass
from typing import Self

from nfemu.wechat.errors import Refused
from nfemu.wechat.signing import ALGORITHM

_FIELD = re.compile(r'([a-z_]+)="([^"\\]*)"')
_FIELDS = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
_NONCE = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Authorization:
    """As written, nothing of it checked but its form."""

    mchid: str
    serial: str
    timestamp: str
    nonce: str
    signature: str

    @classmethod
    def parse(cls, header: str | None) -> Self:
        """Raises Refused (SIGN_ERROR) for anything but the five fields, once each, in any order."""
        if not header:
            raise Refused("SIGN_ERROR", "Http头缺少Authorization", _detail("authorization is missing"))
        scheme, _, text = header.partition(" ")
        if scheme != ALGORITHM:
            raise Refused("SIGN_ERROR", "Http头Authorization认证类型不正确", _detail("scheme is not " + ALGORITHM))
        parts = [_FIELD.fullmatch(part.strip(" ")) for part in text.split(",")]
        fields = {part[1]: part[2] for part in parts if part is not None}
        if len(parts) != len(_FIELDS) or set(fields) != _FIELDS or not _NONCE.fullmatch(fields["nonce_str"]):
            raise Refused(
                "SIGN_ERROR",
                "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》",
                _detail("the fields must be mchid, nonce_str, signature, timestamp and serial_no"),
            )
        return cls(fields["mchid"], fields["serial_no"], fields["timestamp"], fields["nonce_str"], fields["signature"])

    def header(self) -> str:
        """As a merchant sends it."""
        fields = {
            "mchid": self.mchid,
            "nonce_str": self.nonce,
            "timestamp": self.timestamp,
            "serial_no": self.serial,
            "signature": self.signature,
        }
        return f"{ALGORITHM} " + ",".join(f'{name}="{value}"' for name, value in fields.items())


def _detail(issue: str) -> dict[str, object]:
    return {"location": "authorization", "field": "Authorization", "issue": issue}
