"""What runs and where it listens, for clients and for people."""

from collections.abc import Mapping

from nfemu.client.state import RunningStatus
from nfemu.gateway.gateway import GatewayStatus
from nfemu.gateway.worker_process import WorkerState
from nfemu.model.identity import Msisdn
from nfemu.settings import Configuration
from nfemu.web.api.backend import Component


def components(
    configuration: Configuration, gateway: GatewayStatus, status: RunningStatus, access: Component
) -> list[Component]:
    """For `nfemu status`."""
    workers = [
        Component(
            f"worker {place.pid}", place.state is WorkerState.SERVING, f"{place.state.value}, {place.restarts} restarts"
        )
        for place in gateway.workers
    ]
    return [
        Component("carrier", True, _named(configuration)),
        Component("api", True, status.api),
        access,
        Component("http proxy", True, f"{status.http_proxy}, user name = number"),
        Component("socks5 proxy", True, f"{status.socks_proxy}, user name = number"),
        *_own_listeners(status.subscriber_proxies, status.country_code),
        *workers,
    ]


def _named(configuration: Configuration) -> str:
    carrier = configuration.carrier
    overlay = f", overlay {configuration.overlay}" if configuration.overlay is not None else ""
    return f"{carrier.name['zh']} · {carrier.name['en']}, PLMN {carrier.plmn}{overlay}"


def _own_listeners(proxies: Mapping[str, str], country_code: str) -> list[Component]:
    numbers = {Msisdn(e164).national(country_code): address for e164, address in proxies.items()}
    return [
        Component(f"line {number}", True, f"{address}, HTTP proxy for this line alone, no user name")
        for number, address in numbers.items()
    ]


def text(address: tuple[str, int]) -> str:
    """`host:port`, IPv6 in brackets."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
