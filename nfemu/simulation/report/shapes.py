"""What a figure is drawn of, wherever it is drawn. Lengths are in pixels of the page; y grows downwards."""

from dataclasses import dataclass
from enum import Enum


class Anchor(Enum):
    """Which end of the words stands at their place."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line. `dash`: length of dashes and of the gaps between; 0: none."""

    x1: float
    y1: float
    x2: float
    y2: float
    stroke: str
    width: float = 1
    dash: float = 0


@dataclass(frozen=True, slots=True)
class Words:
    """`y` is the base line's."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    anchor: Anchor = Anchor.START
    bold: bool = False


Shape = Box | Rule | Words


@dataclass(frozen=True, slots=True)
class Drawing:
    """`about`: what it shows, for whoever cannot see it. Later shapes lie over earlier ones."""

    width: int
    height: int
    about: str
    shapes: tuple[Shape, ...]
