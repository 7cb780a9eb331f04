"""Merchants and their files."""

import json
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from nfemu.model.errors import Conflict, InvalidInput, NotFound, Unavailable
from nfemu.web.wechat.keys import PlatformKeys, certify, read_certificate, read_key
from nfemu.web.wechat.merchants import Merchants, NewMerchant, VerifiedBy
from tests.web.wechat.provider import APPID, MCHID, Provider, wall

NEW = NewMerchant("12345678", (APPID,))


@pytest.fixture
def own(provider: Provider, tmp_path: Path) -> Merchants:
    """None yet, of the same provider."""
    return Merchants(tmp_path / "merchants", provider.merchants.platform, wall)


@pytest.fixture
def certificate(provider: Provider) -> str:
    """A merchant's own."""
    file = provider.merchant().folder / "apiclient_cert.pem"
    return file.read_text()


async def test_its_own_certificate_and_key(own: Merchants, certificate: str, provider: Provider) -> None:
    key = "0123456789abcdef0123456789abcdef"
    new = replace(NEW, name="店", domains=("a.example",), certificate=certificate, api_v3_key=key)
    added = await own.add(new)
    assert (added.serial, added.api_v3_key, added.private_key_file.exists()) == (
        provider.merchant().serial, key.encode(), False)  # fmt: skip
    again = Merchants(own._folder, own.platform, wall)
    assert again.all() == [again.named("12345678")]
    assert (again.named("12345678").name, again.named("12345678").domains) == ("店", ("a.example",))
    with pytest.raises(Conflict, match="there is a merchant `12345678` already"):
        await own.add(new)
    with pytest.raises(NotFound, match="there is no merchant `1`"):
        own.named("1")


async def test_those_of_the_configuration_come_first(own: Merchants, certificate: str, tmp_path: Path) -> None:
    await own.add(replace(NEW, name="of the state folder", certificate=certificate))
    kept = shutil.copytree(own._folder, tmp_path / "configured")
    facts = json.loads((kept / "12345678" / "merchant.json").read_text())
    (kept / "12345678" / "merchant.json").write_text(json.dumps(facts | {"name": "of the configuration"}))
    both = Merchants(own._folder, own.platform, wall, kept)
    assert [(each.name, each.folder) for each in both.all()] == [("of the configuration", kept / "12345678")]
    assert Merchants(tmp_path / "none", own.platform, wall, tmp_path / "nor here").all() == []


def test_nobody_else_reads_them(provider: Provider) -> None:
    folder = provider.merchant().folder
    files = [*folder.iterdir(), *provider.merchants.platform.public_key_file.parent.iterdir()]
    assert len(files) == 8
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(NEW, mchid="12"), "`12` is not a merchant number"),
        (replace(NEW, mchid="../12345678"), "is not a merchant number"),
        (replace(NEW, appids=()), "a merchant needs an appid"),
        (replace(NEW, appids=("wx/..",)), "a merchant needs an appid"),
        (replace(NEW, api_v3_key="short"), "an API v3 key has 32 ASCII characters, this one 5"),
        (replace(NEW, certificate="no PEM"), "the certificate is not PEM"),
    ],
)
async def test_what_is_no_merchant(own: Merchants, wrong: NewMerchant, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        await own.add(wrong)
    assert own.all() == []


async def test_a_certificate_of_another_kind(own: Merchants, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = certify(key, "x", wall()).public_bytes(Encoding.PEM).decode()  # type: ignore[arg-type]  # another kind, on purpose
    with pytest.raises(InvalidInput, match="the certificate's key is not RSA"):
        await own.add(replace(NEW, certificate=pem))


async def test_damaged_files(own: Merchants, certificate: str) -> None:
    added = await own.add(replace(NEW, certificate=certificate))
    (added.folder / "api_v3.key").unlink()
    with pytest.raises(Unavailable, match="is damaged"):
        Merchants(own._folder, own.platform, wall)
    (added.folder / "apiclient_cert.pem").write_text("no PEM")
    with pytest.raises(Unavailable, match="cannot be read"):
        read_certificate(added.folder / "apiclient_cert.pem")
    with pytest.raises(Unavailable, match="cannot be read"):
        read_key(added.folder / "apiclient_cert.pem")


async def test_a_folder_that_cannot_be_written(provider: Provider, tmp_path: Path, certificate: str) -> None:
    (tmp_path / "file").write_text("")
    merchants = Merchants(tmp_path / "file", provider.merchants.platform, wall)
    with pytest.raises(Unavailable, match="the state folder must be writable"):
        await merchants.add(replace(NEW, certificate=certificate))


def test_the_providers_keys_stay(provider: Provider) -> None:
    platform = provider.merchants.platform
    again = PlatformKeys(platform.public_key_file.parent, wall)
    assert (again.certified.serial, again.bare.serial) == (platform.certified.serial, platform.bare.serial)
    assert again.of(again.bare.serial) == again.bare
    assert again.of("PUB_KEY_ID_0") is None
    merchant = replace(provider.merchant(MCHID), verified_by=VerifiedBy.CERTIFICATE)
    assert provider.merchants.signer(merchant) == platform.certified
    with pytest.raises(InvalidInput, match="names no key of the provider"):
        provider.merchants.signer(merchant, "X")
