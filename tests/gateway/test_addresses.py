from ipaddress import ip_address

import pytest

from nfemu.gateway.addresses import is_foreign, is_own, is_public, is_virtual


@pytest.mark.parametrize("text", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::8.8.8.8"])
def test_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.31.255.255",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "ff0e::1",
        "2001:db8::1",
        "2001:2::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


def test_virtual() -> None:
    assert is_virtual(ip_address("198.19.255.255"))
    assert is_virtual(ip_address("2001:2::ffff"))
    assert not is_virtual(ip_address("198.20.0.0"))
    assert not is_virtual(ip_address("2001:2:1::"))


def test_foreign() -> None:
    assert is_foreign(ip_address("93.184.216.34"))
    assert not is_foreign(ip_address("10.0.0.1"))


def test_own() -> None:
    assert is_own(ip_address("127.0.0.1"))
    assert not is_own(ip_address("255.255.255.255"))
