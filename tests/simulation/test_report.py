"""Table, figure, page and JSON of a comparison: complete, within their bounds, and the same octets again."""

import asyncio
import io
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from nfemu.bootstrap.web import wall
from nfemu.measuring.month import month
from nfemu.model.orders import OrderKind
from nfemu.simulation.figures import Comparison
from nfemu.simulation.report.figure import figure
from nfemu.simulation.report.page import page
from nfemu.simulation.report.plain import plain
from nfemu.simulation.report.png import png
from nfemu.simulation.report.shapes import Box, Words
from nfemu.simulation.report.svg import svg
from nfemu.simulation.report.table import duration, messages, rows
from nfemu.web.origins.ca import CertificateAuthority
from tests.chromium import BINARY, CERTUTIL, Chromium
from tests.simulation.making import MONTH, POLICIES, setting


@cache
def comparison() -> Comparison:
    its = setting(people=20)
    found = tuple(asyncio.run(month(policy, setting(policy, people=20))) for policy in POLICIES)
    return Comparison(MONTH, its.rules.fees.zone, its.begins, 20, 24, 1, 60, its.simulation.told, found)


def test_the_figure_has_a_bar_for_each_hour_with_orders_and_says_what_it_shows() -> None:
    drawing = figure(comparison())
    bars = [each for each in drawing.shapes if isinstance(each, Box) and each.width < 20]
    hours = sum(
        bool(count) for each in comparison().policies for kind in OrderKind for count in each.hours.get(kind, ())
    )
    first = sum(
        bool(count) for each in comparison().policies for kind in OrderKind for count in each.hours.get(kind, ())[:24]
    )
    assert len(bars) == hours + first + 2
    said = {each.text for each in drawing.shapes if isinstance(each, Words)}
    assert any("seed 1" in text and "how people respond is assumed (simulation.yaml)" in text for text in said)
    assert {"stop orders", "resume orders", "capacity: 60 an hour", "day of November", "hour of 1 November"} <= said
    assert all(any(text.startswith(f"{policy}: at most") for text in said) for policy in POLICIES)


def test_nothing_is_drawn_beyond_the_figure() -> None:
    drawing = figure(comparison())
    for box in (each for each in drawing.shapes if isinstance(each, Box)):
        assert 0 <= box.x <= box.x + box.width <= drawing.width + 0.01
        assert 0 <= box.y <= box.y + box.height <= drawing.height


def test_the_image_is_the_figure_twice_as_large_and_tells_no_time() -> None:
    drawing = figure(comparison())
    octets = png(drawing)
    assert octets == png(drawing)
    with Image.open(io.BytesIO(octets)) as image:
        assert image.size == (2 * drawing.width, 2 * drawing.height)
        assert image.info == {}
        assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 10


def test_every_policy_has_a_value_in_every_row() -> None:
    for row in [*rows(comparison()), *messages(comparison())]:
        assert len(row) == 1 + len(POLICIES)
        assert all(row)


def test_programs_get_the_hours_and_what_they_add_up_to() -> None:
    found = plain(comparison())
    policies = found["policies"]
    assert isinstance(policies, list)
    assert [each["policy"] for each in policies] == list(POLICIES)
    assert all(sum(each["orders_by_hour"]["stop"]) >= each["stops"] for each in policies)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0"), (42, "42s"), (200, "3m20s"), (18_420, "5h07m"), (59.6, "1m00s")],
)
def test_durations_are_told_with_what_counts(seconds: float, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words


def test_the_page_asks_for_nothing_and_tells_every_assumption() -> None:
    text = page(comparison())
    assert "src=" not in text
    assert "href=" not in text
    assert svg(figure(comparison())) in text
    for each in comparison().told:
        assert f"<code>{each.key}</code>" in text
        assert "Assumed" in each.about or "Source" in each.about
    assert "<td>12h</td>" in text, "as it is written in the file"


@pytest.mark.lab
@pytest.mark.skipif(BINARY is None or CERTUTIL is None, reason="needs Debian's chromium and libnss3-tools")
async def test_a_browser_shows_the_page_from_the_disk_without_a_network(tmp_path: Path) -> None:
    file = tmp_path / "policies.html"
    file.write_text(await asyncio.to_thread(lambda: page(comparison())), encoding="utf-8")
    CertificateAuthority.load_or_create(tmp_path / "ca", wall)
    nowhere = "http://127.0.0.1:9"
    browser = Chromium(tmp_path, tmp_path / "ca" / "ca.pem", nowhere)
    await browser.start()
    try:
        text = await browser.open(file.as_uri())
        assert "Dunning policies compared: November 2026" in text
        assert await browser.evaluate("document.querySelector('svg').getBoundingClientRect().height") > 100
        assert await browser.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
        assert browser.console == []
    finally:
        await browser.stop()
