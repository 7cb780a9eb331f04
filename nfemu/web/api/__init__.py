"""The REST API under `/api/v1`, and the inbox as a page: everything that the command line does goes through here."""

from nfemu.web.api.app import create_api
from nfemu.web.api.backend import ApiBackend, ApiConfig, Component, ConfigChange

__all__ = ["ApiBackend", "ApiConfig", "Component", "ConfigChange", "create_api"]
