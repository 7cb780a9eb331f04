"""What a program on a line finds in its environment: the way out, and the certificates of the emulated Internet."""

import os
from collections.abc import Mapping
from pathlib import Path

from nfemu.client.line.way import ByProxy
from nfemu.client.state import StateFolder
from nfemu.model.errors import Unavailable

_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Debian, Fedora, openSUSE and Alpine keep the system's roots as one file."""
_CA_VARIABLES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO")
_PROXY_VARIABLES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"})


def proxies(way: ByProxy) -> dict[str, str]:
    """The variables that lead a program to the line's proxy."""
    return {
        "http_proxy": way.url,
        "https_proxy": way.url,
        "all_proxy": way.url,  # not SOCKS: httpx and others fail at once where a package for it is missing
        "no_proxy": "",
    }


def environment(inherited: Mapping[str, str], proxies: Mapping[str, str], bundle: Path) -> dict[str, str]:
    """`inherited` with these proxies alone, in both spellings, and the certificates of the emulated Internet."""
    kept = {name: value for name, value in inherited.items() if name.lower() not in _PROXY_VARIABLES}
    return {
        **kept,
        **proxies,
        **{name.upper(): value for name, value in proxies.items()},
        **dict.fromkeys(_CA_VARIABLES, str(bundle)),
    }


def trusted_by_programs(state: StateFolder) -> Path:
    """The file of certificates that whatever runs on a line trusts. Raises Unavailable."""
    return write_bundle(state, state.ca, system_roots(os.environ, state))


def system_roots(inherited: Mapping[str, str], state: StateFolder) -> bytes:
    """The roots that programs trust anyway: the caller's own choice, else the system's."""
    bundle = _bundle_path(state)
    for name in (inherited.get("SSL_CERT_FILE", ""), *_ROOTS):
        path = Path(name)
        if name and path != bundle and path.is_file():
            return path.read_bytes()
    return b""


def system_bundles() -> list[Path]:
    """The system's own files of roots, for programs that read nothing else."""
    return [path for name in _ROOTS if (path := Path(name)).is_file()]


def write_bundle(state: StateFolder, ca: Path, roots: bytes) -> Path:
    """One file with `roots` and the emulator's CA. Raises Unavailable where it cannot be read or written."""
    bundle = _bundle_path(state)
    part = bundle.with_suffix(f".{os.getpid()}")
    try:
        content = roots.rstrip() + b"\n" + ca.read_bytes()
        if not bundle.exists() or bundle.read_bytes() != content:
            part.write_bytes(content)
            part.replace(bundle)
    except OSError as error:
        part.unlink(missing_ok=True)
        place = error.filename or part
        raise Unavailable(f"`{place}`: {error.strerror}; the state folder must be readable and have room") from None
    return bundle


def _bundle_path(state: StateFolder) -> Path:
    return state.path / "ca-bundle.pem"
