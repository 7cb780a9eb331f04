"""A drawing as SVG that stands in a page."""

from html import escape

from nfemu.simulation.report.shapes import Box, Drawing, Rule, Shape, Words


def svg(drawing: Drawing) -> str:
    size = f'viewBox="0 0 {drawing.width} {drawing.height}"'
    told = f'role="img" aria-label="{escape(drawing.about)}"'
    style = 'font-family="system-ui, sans-serif" shape-rendering="crispEdges"'
    elements = map(_element, drawing.shapes)
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {told} {style}>', *elements, "</svg>"])


def _element(shape: Shape) -> str:
    match shape:
        case Box():
            place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
            return f'<rect {place} fill="{shape.fill}"/>'
        case Rule():
            dash = f' stroke-dasharray="{_n(shape.dash)}"' if shape.dash else ""
            ends = f'x1="{_n(shape.x1)}" y1="{_n(shape.y1)}" x2="{_n(shape.x2)}" y2="{_n(shape.y2)}"'
            return f'<line {ends} stroke="{shape.stroke}" stroke-width="{_n(shape.width)}"{dash}/>'
        case Words():
            weight = ' font-weight="600"' if shape.bold else ""
            place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" fill="{shape.fill}"'
            return f'<text {place} text-anchor="{shape.anchor.value}"{weight}>{escape(shape.text)}</text>'


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
