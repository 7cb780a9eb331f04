"""Every document that is made from the code, by the place where it is kept."""

import json
from collections.abc import Mapping
from pathlib import Path

from nfemu.files.json_schema import json_schema
from nfemu.scenario.schema import ScenarioFile
from tools.reference import api, commands, configuration, openapi, postman, schemas

ROOT = Path(__file__).parents[2]


def documents() -> Mapping[Path, str]:
    """Path → text, in a stable order."""
    pages, schema = ROOT / "docs" / "reference", ROOT / "config" / "schema"
    described = openapi.document()
    files = schemas.files()
    return {
        pages / "configuration.md": configuration.page(files),
        pages / "commands.md": commands.page(),
        pages / "api.md": api.page(described),
        pages / "openapi.json": _json(described),
        ROOT / "examples" / "postman" / "nfemu.postman_collection.json": _json(postman.collection(described)),
        **{schema / f"{name}.json": _json(each) for name, each in files.items()},
        schema / "scenario.json": _json(json_schema(ScenarioFile)),
        **{schema / "overlay" / f"{name}.json": _json(schemas.overlay(each)) for name, each in files.items()},
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
