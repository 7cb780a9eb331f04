"""No two scenarios of a run are called the same, and what one is called does not depend on the others' order."""

from pathlib import Path

import pytest

from nfemu.scenario.naming import names_of


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a/x.yaml", "b/y.yaml"], ["x", "y"]),
        (["a/x.yaml", "b/x.yaml", "b/y.yaml"], ["a-x", "b-x", "y"]),
        (["b/x.yaml", "a/x.yaml"], ["b-x", "a-x"]),
        (["x.yaml", "./x.yaml", "x.yaml"], ["x", "x-2", "x-3"]),
        (["x.yaml", "x.yaml", "x-2.yaml", "x.yaml"], ["x", "x-3", "x-2", "x-4"]),
        (["a/x.yaml", "b/a/x.yaml", "a/x.yml"], ["a-x", "a-x-2", "a-x-3"]),
        (["a/x.yaml", "b/x.yaml", "a-x.yaml"], ["a-x", "b-x", "a-x-2"]),
    ],
)
def test_names(files: list[str], names: list[str]) -> None:
    assert names_of([Path(file) for file in files]) == names
