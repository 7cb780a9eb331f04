"""Keys and certificates of the provider and its merchants, in files (0600) called as merchants know them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.runtime.keys import private_folder, read_private, write_private

LIFETIME = timedelta(days=5 * 365)
_BACKDATED = timedelta(hours=1)
_BITS = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`serial`: what the other side knows it by. `certificate` in PEM; None for a bare public key."""

    serial: str
    private: rsa.RSAPrivateKey
    certificate: x509.Certificate | None = None

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def new_key() -> rsa.RSAPrivateKey:
    """Takes a tenth of a second or a second, by luck."""
    return rsa.generate_private_key(65537, _BITS)


def serial_of(certificate: x509.Certificate) -> str:
    """As merchants and the provider write it."""
    return f"{certificate.serial_number:040X}"


def certify(key: rsa.RSAPrivateKey, name: str, wall: datetime) -> x509.Certificate:
    """A certificate of its own for whoever is called `name`; nobody checks who issued it, but which it is."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "nfemu WeChat Pay"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wall - _BACKDATED)
        .not_valid_after(wall + LIFETIME)
        .sign(key, hashes.SHA256())
    )


def read_certificate(path: Path) -> x509.Certificate:
    """Raises Unavailable."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Unavailable(f"certificate `{path}` cannot be read ({error}); put it back or delete its folder") from error


def certified_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    """Raises InvalidInput for one of another kind than RSA."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise InvalidInput("the certificate's key is not RSA; WeChat Pay merchants sign with RSA 2048")
    return key


def read_key(path: Path) -> rsa.RSAPrivateKey:
    """Raises Unavailable."""
    try:
        key = serialization.load_pem_private_key(read_private(path), password=None)
    except (OSError, ValueError) as error:
        raise Unavailable(f"key `{path}` cannot be read ({error}); put it back or delete its folder") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Unavailable(f"key `{path}` is not RSA; put it back or delete its folder")
    return key


def write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    write_private(
        path,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def write_certificate(path: Path, certificate: x509.Certificate) -> None:
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM))


class PlatformKeys:
    """The provider's own: one with a certificate, which merchants download, and a bare one, which they are given.

    Made when somebody first needs them, since that takes a while.
    """

    def __init__(self, folder: Path, wall: Callable[[], datetime]) -> None:
        self._folder = folder
        self._wall = wall
        self._certified: SigningKey | None = None
        self._bare: SigningKey | None = None

    @property
    def public_key_file(self) -> Path:
        """The bare public key, for merchants' settings."""
        return self._folder / "pub_key.pem"

    @property
    def certified(self) -> SigningKey:
        """Raises Unavailable for damaged files."""
        if self._certified is None:
            certificate_file, key_file = self._folder / "platform_cert.pem", self._folder / "platform_key.pem"
            if not (certificate_file.exists() and key_file.exists()):
                private_folder(self._folder)
                key = new_key()
                write_key(key_file, key)
                write_certificate(certificate_file, certify(key, "nfemu WeChat Pay platform", self._wall()))
            certificate = read_certificate(certificate_file)
            self._certified = SigningKey(serial_of(certificate), read_key(key_file), certificate)
        return self._certified

    @property
    def bare(self) -> SigningKey:
        """Raises Unavailable for damaged files."""
        if self._bare is None:
            key_file = self._folder / "pub_key_private.pem"
            if not key_file.exists():
                private_folder(self._folder)
                write_key(key_file, new_key())
            key = read_key(key_file)
            digits = int.from_bytes(_fingerprint(key)) % 10**28
            self._bare = SigningKey(f"PUB_KEY_ID_{digits:028d}", key)
            if not self.public_key_file.exists():
                write_private(self.public_key_file, self._bare.public_pem)
        return self._bare

    def of(self, serial: str) -> SigningKey | None:
        """The one that somebody names."""
        return next((key for key in (self.certified, self.bare) if key.serial == serial), None)


def _fingerprint(key: rsa.RSAPrivateKey) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
