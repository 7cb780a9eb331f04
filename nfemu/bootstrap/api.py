"""The API of the control process. It outlives the lives of which it tells, and follows a reload without a request being
lost: what is under way ends where it began."""

import secrets
from collections.abc import Callable

from starlette.types import ASGIApp

from nfemu.client.state import StateFolder
from nfemu.runtime.keys import read_private, write_private
from nfemu.settings import Configuration
from nfemu.web.api.app import create_api
from nfemu.web.api.backend import ApiBackend, ApiConfig, Carrier
from nfemu.web.api.login import Logins
from nfemu.web.current import Beside, Current


class ApiSide:
    """`app` is the application to serve."""

    def __init__(
        self,
        state: StateFolder,
        configuration: Configuration,
        carrier: Carrier,
        backend: ApiBackend,
        merchant_api: Callable[[], ASGIApp],
    ) -> None:
        """`merchant_api`: the emulated WeChat Pay's of the moment, which signs and checks signatures by itself."""
        self._state = state
        self._carrier = carrier
        self._backend = backend
        self._logins = Logins()
        self._config = self._configured(configuration)
        self._current = Current(self._made())
        self.app = Beside(self._current, "/v3/", merchant_api)

    def follow(self, configuration: Configuration) -> None:
        """From the next request on as `configuration` says."""
        config = self._configured(configuration)
        if config != self._config:
            self._config = config
            self._current.app = self._made()

    def _configured(self, configuration: Configuration) -> ApiConfig:
        carrier = configuration.carrier
        return ApiConfig(
            token=_token(self._state),
            country_code=carrier.country_code,
            currency=carrier.currency,
            timezone=carrier.timezone,
            carrier_name=dict(carrier.name),
            language=carrier.language,
            host_names=carrier.api.names,
        )

    def _made(self) -> ASGIApp:
        return create_api(self._carrier, self._config, self._backend, self._logins)


def _token(state: StateFolder) -> str:
    """The API's bearer token, generated at first use, mode 0600."""
    if not state.api_token.exists():
        write_private(state.api_token, secrets.token_urlsafe(32).encode())
    return read_private(state.api_token).decode().strip()
