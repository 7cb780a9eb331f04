"""The emulator's certificate authority: the origins' HTTPS that curl, Chromium and Python accept.

The authority is made once and kept in the state folder (`ca.key` 0600, `ca.pem` for clients). Leaf
certificates live in memory only: one per name, made when a client first asks for it, all on one key that is
thrown away with the process. The authority carries no name constraint, because the emulated Internet answers
for every name there is; it is limited to server authentication and to issuing leaves (path length 0).
Profile: RFC 5280; Python 3.13 verifies it strictly.
"""

import ipaddress
import os
import re
import ssl
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.runtime.keys import private_folder, read_private, write_private

CA_LIFETIME = timedelta(days=3650)
LEAF_LIFETIME = timedelta(days=7)
_BACKDATED = timedelta(hours=1)
_RENEW_BEFORE = timedelta(days=1)
_CACHED_NAMES = 2000
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_COMMON_NAME_LIMIT = 64
"""ub-common-name of RFC 5280, appendix A.1; longer names stand in the SAN alone."""


class CertificateAuthority:
    """Issues server certificates for any name. Construct it with `load_or_create`."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, now: Callable[[], datetime]):
        self._key = key
        self._certificate = certificate
        self._now = now
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: OrderedDict[str, tuple[datetime, ssl.SSLContext]] = OrderedDict()

    @classmethod
    def load_or_create(cls, folder: Path, now: Callable[[], datetime]) -> "CertificateAuthority":
        """Read the authority from `folder`, or make it there. `now` is aware wall time.

        Raises Unavailable when the files are damaged or the authority has expired.
        """
        private_folder(folder)
        key_file, certificate_file = folder / "ca.key", folder / "ca.pem"
        if not key_file.exists() or not certificate_file.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            write_private(key_file, _private_pem(key))
            write_private(certificate_file, _self_signed(key, now()).public_bytes(serialization.Encoding.PEM))
        try:
            loaded = serialization.load_pem_private_key(read_private(key_file), password=None)
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        except ValueError as error:
            raise Unavailable(
                f"certificate authority in `{folder}` is damaged; delete the folder, then start"
            ) from error
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.public_key() != certificate.public_key():
            raise Unavailable(
                f"key and certificate in `{folder}` do not belong together; delete the folder, then start"
            )
        if certificate.not_valid_after_utc <= now():
            raise Unavailable(f"certificate authority in `{folder}` has expired; delete the folder, then start")
        return cls(loaded, certificate, now)

    @property
    def pem(self) -> bytes:
        """The authority's certificate, as clients trust it."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def server_context(self, name: str) -> ssl.SSLContext:
        """A TLS server context for a host name (A-labels) or an IP literal; cached, renewed a day before it ends.

        Raises InvalidInput when `name` cannot stand in a certificate.
        """
        name = name.lower().removesuffix(".")
        cached = self._contexts.get(name)
        if cached is not None and self._now() < cached[0] - _RENEW_BEFORE:
            self._contexts.move_to_end(name)
            return cached[1]
        certificate = self._issue(name)
        context = new_server_context()
        _load_chain(context, self._leaf_key, [certificate, self._certificate])
        self._contexts[name] = (certificate.not_valid_after_utc, context)
        self._contexts.move_to_end(name)
        while len(self._contexts) > _CACHED_NAMES:
            self._contexts.popitem(last=False)
        return context

    def _issue(self, name: str) -> x509.Certificate:
        subject_name = _general_name(name)
        now = self._now()
        public_key = self._leaf_key.public_key()
        authority_key = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            x509.CertificateBuilder()
            .subject_name(_leaf_subject(name))
            .issuer_name(self._certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(min(now + LEAF_LIFETIME, self._certificate.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName([subject_name]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )


def new_server_context() -> ssl.SSLContext:
    """TLS 1.2 or later with HTTP/1.1, without a certificate yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "nfemu"),
            # A fresh authority gets a name of its own: clients that still trust an older one must not mix them up.
            x509.NameAttribute(NameOID.COMMON_NAME, f"nfemu emulated Internet CA {x509.random_serial_number():x}"[:40]),
        ]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _leaf_subject(name: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "nfemu emulated Internet")]
    if len(name) <= _COMMON_NAME_LIMIT:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, name))
    return x509.Name(attributes)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        if _NAME.fullmatch(name) is None:
            raise InvalidInput(f"`{name}` is not a host name that a certificate can carry") from None
        return x509.DNSName(name)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load_chain(context: ssl.SSLContext, key: ec.EllipticCurvePrivateKey, chain: list[x509.Certificate]) -> None:
    """Python's ssl reads certificates from files only; a memory file keeps the key off the disk."""
    pem = _private_pem(key) + b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    handle = os.memfd_create("nfemu-leaf", os.MFD_CLOEXEC)
    try:
        os.write(handle, pem)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
