"""`GET /v3/certificates`: the provider's certificate, sealed for the merchant that asks."""

import secrets

from cryptography.hazmat.primitives.serialization import Encoding

from nfemu.web.wechat.keys import SigningKey
from nfemu.web.wechat.merchants import Merchant, VerifiedBy
from nfemu.wechat.documents import Document, moment
from nfemu.wechat.errors import Refused
from nfemu.wechat.resource import NONCE_OCTETS, seal


def certificates(merchant: Merchant, key: SigningKey) -> Document:
    """Raises Refused for a merchant that checks by the public key, as the real one does."""
    if merchant.verified_by is VerifiedBy.PUBLIC_KEY or key.certificate is None:
        raise Refused("RESOURCE_NOT_EXISTS", "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥")
    pem = key.certificate.public_bytes(Encoding.PEM)
    sealed = seal(merchant.api_v3_key, pem, "certificate", secrets.token_hex(NONCE_OCTETS // 2))
    return {
        "data": [
            {
                "serial_no": key.serial,
                "effective_time": moment(key.certificate.not_valid_before_utc),
                "expire_time": moment(key.certificate.not_valid_after_utc),
                "encrypt_certificate": sealed,
            }
        ]
    }
