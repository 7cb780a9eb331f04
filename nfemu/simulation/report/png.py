"""A drawing as PNG: the same octets for the same drawing, with no time and no program's name in them."""

from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from nfemu.simulation.report.shapes import Anchor, Box, Drawing, Rule, Shape, Words

_SCALE = 2
"""Pixels of the image to one of the page."""
_FINE = 2
"""Drawn so many times larger, then made smaller: edges get smooth."""
_ANCHORS = {Anchor.START: "ls", Anchor.MIDDLE: "ms", Anchor.END: "rs"}
"""Of Pillow: left, middle or right, on the base line."""


def png(drawing: Drawing) -> bytes:
    image = Image.new("RGB", (drawing.width * _SCALE * _FINE, drawing.height * _SCALE * _FINE), "white")
    draw = ImageDraw.Draw(image)
    for shape in drawing.shapes:
        _draw(draw, shape, _SCALE * _FINE)
    written = BytesIO()
    image.reduce(_FINE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw(draw: ImageDraw.ImageDraw, shape: Shape, scale: float) -> None:
    match shape:
        case Box():
            ends = (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
            left, top, right, bottom = (round(each * scale) for each in ends)
            if right > left and bottom > top:
                draw.rectangle((left, top, right - 1, bottom - 1), fill=shape.fill)
        case Rule():
            _rule(draw, shape, scale)
        case Words():
            draw.text(
                (shape.x * scale, shape.y * scale),
                shape.text,
                shape.fill,
                _font(shape.size * scale),
                anchor=_ANCHORS[shape.anchor],
                stroke_width=scale / 8 if shape.bold else 0,
            )


def _rule(draw: ImageDraw.ImageDraw, rule: Rule, scale: float) -> None:
    """Dash by dash, which Pillow does not know."""
    length = max(abs(rule.x2 - rule.x1), abs(rule.y2 - rule.y1))
    dash = rule.dash or max(length, 1)
    at = 0.0
    while at < length:
        ends = at / length, min(at + dash, length) / length
        points = [
            ((rule.x1 + (rule.x2 - rule.x1) * end) * scale, (rule.y1 + (rule.y2 - rule.y1) * end) * scale)
            for end in ends
        ]
        draw.line(points, fill=rule.stroke, width=round(rule.width * scale))
        at += 2 * dash


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    """The one that comes with Pillow: the same on every machine."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101 - wheels are built with FreeType
    return font
