"""Scenarios and what came of them, for tests."""

from pathlib import Path
from textwrap import dedent

from nfemu.client.line import Answer, Stage
from nfemu.scenario.loading import load
from nfemu.scenario.values import Scenario


def scenario(folder: Path, text: str, name: str = "one.yaml") -> Scenario:
    """Written to a file and read."""
    file = folder / name
    file.write_text(dedent(text), encoding="utf-8")
    return load(file)


def answer(status: int = 200, body: str = "", url: str = "http://news.example/", **headers: str) -> Answer:
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(url, status, fields, body.encode(), Stage.ANSWER, "", "198.18.0.16", 1.0)


def failed(failure: str, stage: Stage = Stage.CONNECT, status: int = 0) -> Answer:
    return Answer("http://news.example/", status, (), b"", stage, failure, "", 1.0)
