import contextlib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.web.origins import ca
from nfemu.web.origins.ca import CertificateAuthority


class Wall:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


def handshake(server: ssl.SSLContext, authority: CertificateAuthority, name: str) -> x509.Certificate:
    """The certificate that a strict Python client accepted for `name`, all in memory."""
    client_context = ssl.create_default_context(cadata=authority.pem.decode())
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    peer = server.wrap_bio(to_server, to_client, server_side=True)
    for step in (client.do_handshake, peer.do_handshake, client.do_handshake, peer.do_handshake):
        drive(step)
    client.do_handshake()
    return x509.load_der_x509_certificate(client.getpeercert(binary_form=True) or b"")


def drive(step: Callable[[], None]) -> None:
    with contextlib.suppress(ssl.SSLWantReadError):
        step()


def test_files_are_private_and_kept(tmp_path: Path, wall: Wall) -> None:
    first = CertificateAuthority.load_or_create(tmp_path / "ca", wall)
    again = CertificateAuthority.load_or_create(tmp_path / "ca", wall)
    assert first.pem == again.pem == (tmp_path / "ca" / "ca.pem").read_bytes()
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "ca" / "ca.key").stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in (tmp_path / "ca").iterdir()) == ["ca.key", "ca.pem"]


def test_the_authority_lasts_ten_years_and_signs_servers_only(tmp_path: Path, wall: Wall) -> None:
    certificate = x509.load_pem_x509_certificate(CertificateAuthority.load_or_create(tmp_path, wall).pem)
    assert certificate.not_valid_after_utc - wall.now > timedelta(days=3649)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.path_length == 0


@pytest.mark.parametrize("name", ["news.example", "xn--fiq228c.example", "a_b.example", "198.18.0.16", "2001:2::10"])
def test_a_strict_client_accepts_the_leaf(tmp_path: Path, wall: Wall, name: str) -> None:
    authority = CertificateAuthority.load_or_create(tmp_path, wall)
    leaf = handshake(authority.server_context(name.upper()), authority, name)
    assert leaf.not_valid_after_utc - wall.now <= ca.LEAF_LIFETIME


def test_names_longer_than_a_common_name(tmp_path: Path, wall: Wall) -> None:
    name = ".".join(["a" * 60] * 3) + ".example"
    authority = CertificateAuthority.load_or_create(tmp_path, wall)
    assert handshake(authority.server_context(name), authority, name).subject.rfc4514_string() == (
        "O=nfemu emulated Internet"
    )


@pytest.mark.parametrize(
    "name", ["", "-a.example", "a..b", "*.example", "a b", "x" * 64, "é.example", "a." * 130 + "a"]
)
def test_names_that_no_certificate_carries(tmp_path: Path, wall: Wall, name: str) -> None:
    authority = CertificateAuthority.load_or_create(tmp_path, wall)
    with pytest.raises(InvalidInput, match="host name"):
        authority.server_context(name)


def test_leaves_are_cached_and_renewed_in_time(tmp_path: Path, wall: Wall) -> None:
    authority = CertificateAuthority.load_or_create(tmp_path, wall)
    first = authority.server_context("a.example")
    wall.now += timedelta(days=5)
    assert authority.server_context("a.example.") is first
    wall.now += timedelta(days=1, hours=1)
    assert authority.server_context("a.example") is not first


def test_the_cache_is_bounded(tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ca, "_CACHED_NAMES", 2)
    authority = CertificateAuthority.load_or_create(tmp_path, wall)
    first = authority.server_context("a.example")
    authority.server_context("b.example")
    authority.server_context("a.example")
    authority.server_context("c.example")
    assert authority.server_context("a.example") is first


@pytest.mark.parametrize("damaged", ["ca.key", "ca.pem"])
def test_damaged_files_are_refused(tmp_path: Path, wall: Wall, damaged: str) -> None:
    CertificateAuthority.load_or_create(tmp_path, wall)
    (tmp_path / damaged).write_bytes(b"garbage")
    with pytest.raises(Unavailable, match="damaged"):
        CertificateAuthority.load_or_create(tmp_path, wall)


def test_key_and_certificate_of_two_authorities(tmp_path: Path, wall: Wall) -> None:
    CertificateAuthority.load_or_create(tmp_path / "one", wall)
    CertificateAuthority.load_or_create(tmp_path / "two", wall)
    (tmp_path / "one" / "ca.pem").replace(tmp_path / "two" / "ca.pem")
    with pytest.raises(Unavailable, match="belong together"):
        CertificateAuthority.load_or_create(tmp_path / "two", wall)


def test_an_expired_authority_is_refused(tmp_path: Path, wall: Wall) -> None:
    CertificateAuthority.load_or_create(tmp_path, wall)
    wall.now += timedelta(days=3651)
    with pytest.raises(Unavailable, match="expired"):
        CertificateAuthority.load_or_create(tmp_path, wall)
