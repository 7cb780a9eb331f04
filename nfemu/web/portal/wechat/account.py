"""What a merchant has: its number, its keys, and by what it knows the provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from nfemu.model.errors import InvalidInput
from nfemu.wechat.signing import ALGORITHM, FRESHNESS, answer_message, is_fresh, is_signed


@dataclass(frozen=True, slots=True)
class MerchantAccount:
    """`provider_keys`: the provider's, by the serial that it names."""

    mchid: str
    appid: str
    serial: str
    private_key: RSAPrivateKey = field(repr=False)
    api_v3_key: bytes = field(repr=False)
    provider_keys: Mapping[str, RSAPublicKey]

    def check(self, headers: Mapping[str, str], body: bytes, wall: datetime) -> str:
        """The nonce of what the provider has signed just now. Header names in lower case. Raises InvalidInput that says
        which check failed."""
        given = {name: headers.get(f"wechatpay-{name}", "") for name in ("serial", "timestamp", "nonce", "signature")}
        if headers.get("wechatpay-signature-type", ALGORITHM) != ALGORITHM:
            raise InvalidInput(f"signed by another method than {ALGORITHM}")
        key = self.provider_keys.get(given["serial"])
        if key is None:
            raise InvalidInput(f"`Wechatpay-Serial: {given['serial']}` is no key of the provider's that is known here")
        if not is_signed(key, answer_message(given["timestamp"], given["nonce"], body), given["signature"]):
            raise InvalidInput("the signature is not that of `timestamp\\nnonce\\nbody\\n`")
        if not is_fresh(given["timestamp"], wall):
            raise InvalidInput(f"the timestamp `{given['timestamp']}` is more than {FRESHNESS} away from now")
        return given["nonce"]
