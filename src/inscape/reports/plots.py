"""Plots of curves with axes and intervals, as SVG, each with its data as CSV beside it."""

from __future__ import annotations

import base64
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from inscape.reports.html import escape

_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 24, 12, 44
_ROW, _LETTER = 18, 7
"""Pixels: a row of the legend, and a letter in it."""
_LIGHT = ("#0072b2", "#b85000", "#00795a", "#a8507f", "#7a6400", "#3b5bb5")
_TICKS = 5
_IN_A_PAGE = "max-width:100%;height:auto"
"""The style of a drawing in a page, which has the colours; a file brings its own."""


@dataclass(frozen=True)
class Curve:
    """A curve of a plot.

    Attributes:
        name: In the legend, and the column of the CSV.
        points: `(x, y)`, in the order in which they are joined.
        band: An interval `(low, high)` for each point, or none.
        dashed: Whether it is drawn dashed, as controls are.
    """

    name: str
    points: Sequence[tuple[float, float]]
    band: Sequence[tuple[float, float]] = ()
    dashed: bool = False


@dataclass(frozen=True)
class Axes:
    """The axes of a plot.

    Attributes:
        x: What runs to the right.
        y: What runs upwards.
        logarithmic: Whether equal steps to the right are equal factors; 0 then stands where half of the
            smallest other value would.
        bottom: Lowest value shown; that of the data unless given.
        top: Highest value shown; that of the data unless given.
    """

    x: str
    y: str
    logarithmic: bool = False
    bottom: float | None = None
    top: float | None = None


def plot(title: str, curves: Sequence[Curve], axes: Axes) -> str:
    """A figure: the plot, its legend, and links to its data and to the drawing.

    Args:
        title: Says what is drawn; the name of the files too.
        curves: At most six have colours of their own.
        axes: What they are drawn against.
    """
    drawn, alone = _svg(title, curves, axes), to_svg(title, curves, axes)
    legend = " ".join(
        f'<span style="white-space:nowrap"><svg width="22" height="8" aria-hidden="true">'
        f'<line x2="22" y1="4" y2="4" {_stroke(number, curve)}/></svg> {escape(curve.name)}</span>'
        for number, curve in enumerate(curves)
    )
    links = " ".join(
        f'<a download="{escape(title)}.{suffix}" href="data:{kind};base64,{_encoded(text)}">'
        f"{suffix.upper()}</a>"
        for suffix, kind, text in (("csv", "text/csv", to_csv(curves, axes)), ("svg", "image/svg+xml", alone))
    )
    caption = f"<figcaption><b>{escape(title)}</b><br>{legend} · {links}</figcaption>"
    return f"<figure>{drawn}{caption}</figure>"


def to_svg(title: str, curves: Sequence[Curve], axes: Axes) -> str:
    """The drawing as a file of its own, with its legend."""
    rows: list[list[tuple[int, int, Curve]]] = []
    at = _LEFT
    for number, curve in enumerate(curves):
        wide = 34 + _LETTER * len(curve.name)
        if rows and at + wide <= _WIDTH:
            rows[-1].append((at, number, curve))
        else:
            at = _LEFT
            rows.append([(at, number, curve)])
        at += wide
    height = _HEIGHT + _ROW * len(rows)
    legend = "".join(
        f'<line x1="{x}" x2="{x + 22}" y1="{y - 4}" y2="{y - 4}" {_stroke(number, curve)}/>'
        f'<text x="{x + 26}" y="{y}">{escape(curve.name)}</text>'
        for y, row in zip(range(_HEIGHT + 12, height + 12, _ROW), rows, strict=True)
        for x, number, curve in row
    )
    return _svg(title, curves, axes, height=height, legend=legend, style=_palette())


def to_csv(curves: Sequence[Curve], axes: Axes) -> str:
    """The data: a row for each x of any curve; a band has two columns of its own."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = []
    for curve in curves:
        named = {x: [y] for x, y in curve.points}
        for (x, _), ends in zip(curve.points, curve.band, strict=False):
            named[x] += ends
        names = [curve.name, f"{curve.name} low", f"{curve.name} high"] if curve.band else [curve.name]
        columns.append((names, named))
    writer.writerow([axes.x, *(name for names, _ in columns for name in names)])
    for x in sorted({x for _, named in columns for x in named}):
        cells = [named.get(x, [""] * len(names)) for names, named in columns]
        writer.writerow([f"{x:g}", *(_cell(value) for row in cells for value in row)])
    return stream.getvalue()


def _cell(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _palette() -> str:
    colours = ";".join(f"--plane-{number}:{colour}" for number, colour in enumerate(_LIGHT))
    return f"{colours};color:#1d1f23;background:#fff;font-family:sans-serif"


def _stroke(number: int, curve: Curve) -> str:
    dashes = ' stroke-dasharray="5 4"' if curve.dashed else ""
    return f'fill="none" style="stroke:var(--plane-{number % len(_LIGHT)})" stroke-width="2"{dashes}'


class _Scale:
    """From values to pixels along one axis."""

    def __init__(self, values: Sequence[float], pixels: tuple[float, float], logarithmic: bool) -> None:
        above = [value for value in values if value > 0]
        self._least = min(above, default=1.0) / 2
        self._logarithmic = logarithmic
        self.low, self.high = min(values, default=0.0), max(values, default=1.0)
        if self.low == self.high:
            self.high = self.low + 1
        self._first, self._last = pixels
        self.values = values

    def _on(self, value: float) -> float:
        return math.log2(max(value, self._least)) if self._logarithmic else value

    def __call__(self, value: float) -> float:
        low, high = self._on(self.low), self._on(self.high)
        return self._first + (self._last - self._first) * (self._on(value) - low) / ((high - low) or 1)

    def ticks(self) -> list[float]:
        """Values of the curves themselves where steps are factors, otherwise round ones."""
        if self._logarithmic:
            each = sorted(set(self.values))
            step = max(1, -(-len(each) // 10))
            return each[::-step][::-1]
        rough = (self.high - self.low) / _TICKS
        size = 10 ** math.floor(math.log10(rough))
        step_ = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
        first = math.ceil(self.low / step_ - 1e-9)
        return [step_ * number for number in range(first, math.floor(self.high / step_ + 1e-9) + 1)]


def _svg(
    title: str,
    curves: Sequence[Curve],
    axes: Axes,
    *,
    height: int = _HEIGHT,
    legend: str = "",
    style: str = _IN_A_PAGE,
) -> str:
    """The drawing, of some height with what is put below it."""
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [y for curve in curves for _, y in curve.points]
    ys += [end for curve in curves for ends in curve.band for end in ends]
    ys += [end for end in (axes.bottom, axes.top) if end is not None]
    across = _Scale(xs, (_LEFT, _WIDTH - _RIGHT), axes.logarithmic)
    up = _Scale(ys, (_HEIGHT - _BOTTOM, _TOP), False)
    pieces = [
        *(_grid_line(across(x), f"{x:g}") for x in across.ticks()),
        *(_level_line(up(y), f"{round(y, 10):g}") for y in up.ticks()),
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(axes.x)}</text>',
        f'<text x="12" y="{_HEIGHT / 2 - 14}" text-anchor="middle" '
        f'transform="rotate(-90 12 {_HEIGHT / 2 - 14})">{escape(axes.y)}</text>',
    ]
    for number, curve in enumerate(curves):
        if curve.band:
            ends = list(zip(curve.points, curve.band, strict=True))
            there = [f"{across(x):.1f},{up(high):.1f}" for (x, _), (_, high) in ends]
            back = [f"{across(x):.1f},{up(low):.1f}" for (x, _), (low, _) in reversed(ends)]
            fill = f"fill:var(--plane-{number % len(_LIGHT)})"
            pieces.append(f'<polygon points="{" ".join(there + back)}" style="{fill}" fill-opacity=".18"/>')
        points = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in curve.points)
        pieces.append(f'<polyline points="{points}" {_stroke(number, curve)}/>')
        if len(curve.points) == 1:  # a line of one point is not seen
            x, y = points.split(",")
            pieces.append(f'<circle cx="{x}" cy="{y}" r="4" {_stroke(number, curve)}/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-size="12" fill="currentColor" width="{_WIDTH}" height="{height}" '
        f'style="{style}">{"".join(pieces)}{legend}</svg>'
    )


def _grid_line(x: float, said: str) -> str:
    foot = _HEIGHT - _BOTTOM
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{foot}" y2="{foot + 4}" stroke="currentColor"/>'
        f'<text x="{x:.1f}" y="{foot + 17}" text-anchor="middle">{said}</text>'
    )


def _level_line(y: float, said: str) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#8884"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{said}</text>'
    )
