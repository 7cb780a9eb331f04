"""The documents that are made from the code are those of this code."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import fastjsonschema
import pytest
import yaml

from tools.reference.documents import ROOT, documents

_CONFIG = ROOT / "config"
_FILES = sorted(_CONFIG.rglob("*.yaml"))


@pytest.fixture(scope="module")
def made() -> Mapping[Path, str]:
    return documents()


def test_every_document_is_current(made: Mapping[Path, str]) -> None:
    old = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    assert not old, (
        f"not what the code says: {', '.join(str(path.relative_to(ROOT)) for path in old)}; run `make reference`"
    )


def test_there_is_no_document_of_something_that_is_gone(made: Mapping[Path, str]) -> None:
    folders = [ROOT / "docs" / "reference", _CONFIG / "schema"]
    assert {path for folder in folders for path in folder.rglob("*.*")} <= set(made)


@pytest.mark.parametrize("file", _FILES, ids=lambda path: str(path.relative_to(_CONFIG)))
def test_every_shipped_file_names_a_schema_that_it_meets(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", text.splitlines()[0])
    assert named is not None
    _check(file.parent / named[1], text)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("carrier", "{name: {zh: 甲, en: A}, plmn: {mcc: '460', mnc: '00'}, portal: {host: p.example}, acces: proxy}"),
        ("dunning", "order_expiry: 15"),
        ("dunning", "order_expiry: 15 minutes"),
        ("subscribers", "attach: everybody"),
        ("subscribers", "subscribers: [{number: '13800138000'}]"),
        ("overlay/apns", "profiles: {internet: {policy: null, qci: 10}}"),
    ],
)
def test_an_editor_says_what_is_wrong(file: str, text: str) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        _check(_CONFIG / "schema" / f"{file}.json", text)


def _check(schema: Path, text: str) -> None:
    """Raises JsonSchemaValueException."""
    fastjsonschema.validate(json.loads(schema.read_text(encoding="utf-8")), yaml.safe_load(text))
