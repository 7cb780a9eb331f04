"""The API's OpenAPI document, without a carrier: as `/api/v1/openapi.json` has it."""

from typing import Any
from zoneinfo import ZoneInfo

from nfemu.web.api import ApiConfig, create_api

Document = dict[str, Any]


def document() -> Document:
    """Nothing is asked of a carrier: the routes only keep what would be."""
    unasked: Any = None
    config = ApiConfig(token="", country_code="86", currency="CNY", timezone=ZoneInfo("UTC"), carrier_name={})
    return create_api(unasked, config, unasked).openapi()
