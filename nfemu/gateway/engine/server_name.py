"""The name in a ClientHello, as policies speak of names."""

from nfemu.model.errors import InvalidInput
from nfemu.policy.names import normalise_host
from nfemu.wire.tls_hello import ClientHello


def name_in(hello: ClientHello) -> str | None:
    """Normalised. None: the hello has none, or one that is no host's name, such as an address."""
    try:
        name = normalise_host(hello.server_name or "")
    except InvalidInput:
        return None
    return name if isinstance(name, str) else None
