"""Curves of a training run as one SVG file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _MARGIN = 640, 220, 48
_COLOURS = ("#2f6fdb", "#d9622b", "#2c9a5b", "#8a4fc4")

Points = Sequence[tuple[float, float]]


def panel(title: str, curves: Mapping[str, Points], top: int = 0) -> str:
    """One chart: curves over pictures seen, axes from zero.

    Args:
        title: Above the chart.
        curves: Points (pictures, value) by name; those that are not finite are left out.
        top: Where the chart begins, in pixels.
    """
    finite = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in curves.items()}
    right = max((x for points in finite.values() for x, _ in points), default=1.0) or 1.0
    high = max((y for points in finite.values() for _, y in points), default=1.0) or 1.0
    inner_width, inner_height = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN + 16

    def place(x: float, y: float) -> str:
        return (
            f"{_MARGIN + x / right * inner_width:.1f},{top + 32 + (1 - max(y, 0) / high) * inner_height:.1f}"
        )

    parts = [f'<text x="{_MARGIN}" y="{top + 18}" font-weight="bold">{title}</text>']
    floor = top + 32 + inner_height
    parts.append(
        f'<path d="M{_MARGIN} {top + 32}V{floor}H{_WIDTH - _MARGIN}" fill="none" stroke="#999"/>'
        f'<text x="{_MARGIN - 6}" y="{top + 38}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{_MARGIN - 6}" y="{floor + 4}" text-anchor="end">0</text>'
        f'<text x="{_WIDTH - _MARGIN}" y="{floor + 16}" text-anchor="end">{right:,.0f} pictures</text>'
    )
    for index, (name, points) in enumerate(finite.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        line = " ".join(place(x, y) for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        left = _WIDTH - _MARGIN - 90 * index
        parts.append(f'<text x="{left}" y="{top + 18}" text-anchor="end" fill="{colour}">{name}</text>')
    return "".join(parts)


def page(panels: Sequence[tuple[str, Mapping[str, Points]]]) -> str:
    """An SVG document with one chart below another."""
    body = "".join(panel(title, curves, index * _HEIGHT) for index, (title, curves) in enumerate(panels))
    height = _HEIGHT * len(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="#fff"/>{body}</svg>\n'
    )
