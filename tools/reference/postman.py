"""A Postman collection (format 2.1) of the API: its requests in an order in which each of them can be sent."""

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from tools.reference.openapi import Document
from tools.reference.shapes import example, example_of

_FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_ABOUT = (
    "Set `url` and `token` (the text of `api.token` in the state folder) of the collection, and `number` to a "
    "subscriber. The clock moves only where the carrier was started with `nfemu up --clock test`; `plugIn` needs IP "
    "bearers, `resubmitOrder` the number of a dead order in `order`, `getPayOrder`, `actAsPayer` and "
    "`resendNotification` what a merchant has ordered, and what is asked of one webhook its name in "
    "`webhook`; TM Forum's resources have theirs in `id`; `resetState` comes last, since it empties all."
)
_VARIABLES = {
    "url": "http://127.0.0.1:8600",
    "token": "",
    "number": "13800138000",
    "order": "ord-000000000000000000000000",
    "notice": "ntc-000000000000000000000000",
    "webhook": "hub-000000000000",
    "id": "8613800138000",
    "name": "in-arrears",
    "mchid": "1900000109",
    "out_trade_no": "R20261101000001",
    "notification": "EV-00000000000000000000",
}


def collection(document: Document) -> dict[str, Any]:
    requests = [
        (operation["tags"][0], _item(document, method.upper(), path, operation))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    folders = groupby(requests, lambda each: each[0])
    return {
        "info": {"name": "nfemu", "description": _ABOUT, "schema": _FORMAT},
        "auth": {"type": "bearer", "bearer": [_variable("token", "{{token}}")]},
        "variable": [_variable(key, value) for key, value in _VARIABLES.items()],
        "item": [{"name": tag, "item": [item for _, item in group]} for tag, group in folders],
    }


def _variable(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value, "type": "string"}


def _item(document: Document, method: str, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": method,
        "description": operation["description"],
        "header": [],
        "url": _url(path, operation),
    }
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        raw = json.dumps(example(document, schema), ensure_ascii=False)
        request["header"] = [{"key": "Content-Type", "value": "application/json"}]
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return {"name": operation["operationId"], "request": request}


def _url(path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    filled = path.replace("{", "{{").replace("}", "}}")
    query = [
        {
            "key": each["name"],
            "value": str(example_of(each["name"], each["schema"])) if each["required"] else "",
            "description": each.get("description", ""),
            "disabled": not each["required"],
        }
        for each in operation.get("parameters", ())
        if each["in"] == "query"
    ]
    sent = "&".join(f"{each['key']}={each['value']}" for each in query if not each["disabled"])
    parts = filled.strip("/").split("/")
    url: dict[str, Any] = {
        "raw": f"{{{{url}}}}{filled}{f'?{sent}' if sent else ''}",
        "host": ["{{url}}"],
        "path": parts,
    }
    return url | ({"query": query} if query else {})
