"""The provider's merchants: a folder each, with the files that a merchant of the real one has too.

MCHID/merchant.json          who it is
MCHID/apiclient_cert.pem     its certificate, by which its signatures are checked
MCHID/apiclient_key.pem      its private key, where the emulator made it
MCHID/api_v3.key             32 characters that seal what is sent to it
"""

import asyncio
import json
import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from nfemu.model.errors import Conflict, InvalidInput, NotFound, Unavailable
from nfemu.runtime.keys import private_folder, read_private, write_private
from nfemu.web.wechat.keys import (
    PlatformKeys,
    SigningKey,
    certified_key,
    certify,
    new_key,
    read_certificate,
    serial_of,
    write_certificate,
    write_key,
)
from nfemu.wechat.resource import KEY_OCTETS

_MCHID = re.compile(r"[0-9]{8,10}")
_APPID = re.compile(r"[A-Za-z0-9]{1,32}")
_LETTERS = string.ascii_letters + string.digits


class VerifiedBy(Enum):
    """By what a merchant checks the provider's signatures."""

    CERTIFICATE = "certificate"
    PUBLIC_KEY = "public-key"


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """`certificate` in PEM and `api_v3_key`: those that it has already; empty: made for it. `domains`: where its H5
    payments may come from."""

    mchid: str
    appids: tuple[str, ...]
    name: str = ""
    domains: tuple[str, ...] = ()
    verified_by: VerifiedBy = VerifiedBy.PUBLIC_KEY
    certificate: str = ""
    api_v3_key: str = ""


@dataclass(frozen=True, slots=True)
class Merchant:
    mchid: str
    name: str
    appids: tuple[str, ...]
    domains: tuple[str, ...]
    verified_by: VerifiedBy
    serial: str
    """Of its certificate."""
    public_key: RSAPublicKey
    api_v3_key: bytes = field(repr=False)
    folder: Path

    @property
    def private_key_file(self) -> Path:
        """There where the emulator made its key."""
        return self.folder / "apiclient_key.pem"


class Merchants:
    """`folder` is where new ones go; `platform`: the provider's keys, `wall` aware wall time."""

    def __init__(
        self, folder: Path, platform: PlatformKeys, wall: Callable[[], datetime], configured: Path | None = None
    ) -> None:
        """Reads those that are there; those in `configured` first. Raises Unavailable for damaged files."""
        self.platform = platform
        self._folder = folder
        self._wall = wall
        self._turn = asyncio.Lock()
        self._known: dict[str, Merchant] = {}
        for each in (configured, folder):
            found = sorted(each.glob("*/merchant.json")) if each is not None and each.is_dir() else []
            for file in found:
                self._known.setdefault(file.parent.name, _read(file.parent))

    def all(self) -> list[Merchant]:
        return sorted(self._known.values(), key=lambda merchant: merchant.mchid)

    def find(self, mchid: str) -> Merchant | None:
        return self._known.get(mchid)

    def named(self, mchid: str) -> Merchant:
        """Raises NotFound."""
        found = self.find(mchid)
        if found is None:
            raise NotFound(f"there is no merchant `{mchid}`; `nfemu pay merchant list` shows all")
        return found

    async def add(self, new: NewMerchant) -> Merchant:
        """Raises InvalidInput; Conflict where there is one of that number; Unavailable."""
        _check(new)
        async with self._turn:
            if new.mchid in self._known:
                raise Conflict(f"there is a merchant `{new.mchid}` already; take another number")
            merchant = await asyncio.to_thread(self._make, new)
            self._known[merchant.mchid] = merchant
        return merchant

    def signer(self, merchant: Merchant, wanted: str = "") -> SigningKey:
        """What the provider signs with for that merchant; `wanted`: the serial that it has asked for. Raises
        InvalidInput where nothing has that serial."""
        if not wanted:
            by_certificate = merchant.verified_by is VerifiedBy.CERTIFICATE
            return self.platform.certified if by_certificate else self.platform.bare
        found = self.platform.of(wanted)
        if found is None:
            raise InvalidInput(f"`Wechatpay-Serial: {wanted}` names no key of the provider")
        return found

    def _make(self, new: NewMerchant) -> Merchant:
        """Everything on disk, merchant.json last: what lacks it is none."""
        folder = self._folder / new.mchid
        try:
            private_folder(folder)
            if new.certificate:
                certificate = x509.load_pem_x509_certificate(new.certificate.encode())
            else:
                key = new_key()
                certificate = certify(key, new.mchid, self._wall())
                write_key(folder / "apiclient_key.pem", key)
            write_certificate(folder / "apiclient_cert.pem", certificate)
            api_v3_key = new.api_v3_key or "".join(secrets.choice(_LETTERS) for _ in range(KEY_OCTETS))
            write_private(folder / "api_v3.key", api_v3_key.encode())
            facts = {
                "name": new.name or new.mchid,
                "appids": new.appids,
                "domains": new.domains,
                "verified_by": new.verified_by.value,
            }
            write_private(folder / "merchant.json", json.dumps(facts, ensure_ascii=False).encode())
        except OSError as error:
            raise Unavailable(
                f"`{folder}`: {error.strerror}; the state folder must be writable and have room"
            ) from error
        self.platform.certified, self.platform.bare  # noqa: B018 - made here, where nobody waits in a loop
        return _read(folder)


def _check(new: NewMerchant) -> None:
    if not _MCHID.fullmatch(new.mchid):
        raise InvalidInput(f"`{new.mchid}` is not a merchant number: 8 to 10 digits, like 1900000109")
    if not new.appids or not all(_APPID.fullmatch(appid) for appid in new.appids):
        raise InvalidInput(
            f"a merchant needs an appid of letters and digits, like wxd678efh567hg6787; not {new.appids}"
        )
    if new.api_v3_key and not (new.api_v3_key.isascii() and len(new.api_v3_key) == KEY_OCTETS):
        raise InvalidInput(f"an API v3 key has {KEY_OCTETS} ASCII characters, this one {len(new.api_v3_key)}")
    if new.certificate:
        try:
            certified_key(x509.load_pem_x509_certificate(new.certificate.encode()))
        except ValueError as error:
            raise InvalidInput(f"the certificate is not PEM ({error}); give apiclient_cert.pem") from error


def _read(folder: Path) -> Merchant:
    """Raises Unavailable."""
    certificate = read_certificate(folder / "apiclient_cert.pem")
    try:
        facts = json.loads(read_private(folder / "merchant.json"))
        return Merchant(
            mchid=folder.name,
            name=facts["name"],
            appids=tuple(facts["appids"]),
            domains=tuple(facts["domains"]),
            verified_by=VerifiedBy(facts["verified_by"]),
            serial=serial_of(certificate),
            public_key=certified_key(certificate),
            api_v3_key=read_private(folder / "api_v3.key"),
            folder=folder,
        )
    except (OSError, ValueError, KeyError, TypeError, InvalidInput) as error:
        raise Unavailable(f"merchant `{folder}` is damaged ({error}); put its files back, or delete it") from error
