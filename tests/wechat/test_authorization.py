"""The `Authorization` header: five fields, once each, in any order."""

from dataclasses import fields

import pytest

from nfemu.wechat.authorization import Authorization
from nfemu.wechat.errors import Refused

SIGNED = Authorization("1900000109", "1DDE55AD98ED71D6", "1554208460", "593BEC0C", "uOVRnA4qG/MNnYzdQxJan==")
HEADER = SIGNED.header()


def test_it_is_read_as_it_is_written() -> None:
    assert Authorization.parse(HEADER) == SIGNED
    scheme, _, text = HEADER.partition(" ")
    turned = f"{scheme} {', '.join(reversed(text.split(',')))}"
    assert Authorization.parse(turned) == SIGNED
    assert len(fields(SIGNED)) == 5


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        HEADER.replace("WECHATPAY2", "WECHATPAY3"),
        HEADER.replace(" ", ""),
        HEADER.replace("serial_no", "serial"),
        HEADER.replace('timestamp="1554208460",', ""),
        HEADER + ',mchid="1900000109"',
        HEADER + ',more="1"',
        HEADER.replace('nonce_str="593BEC0C"', 'nonce_str="593 BEC"'),
        HEADER.replace('nonce_str="593BEC0C"', 'nonce_str=""'),
        HEADER.replace('"1554208460"', "1554208460"),
        HEADER.replace('mchid="1900000109"', "mchid='1900000109'"),
    ],
)
def test_anything_else_is_refused(header: str | None) -> None:
    with pytest.raises(Refused) as refused:
        Authorization.parse(header)
    assert (refused.value.code, refused.value.status) == ("SIGN_ERROR", 401)
