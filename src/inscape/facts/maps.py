"""The three maps of a trace, token by layer, as one SVG file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inscape import storage
from inscape.facts.restoring import KINDS, Kind
from inscape.facts.tracing import Trace
from inscape.reports import escape
from inscape.types import Array

_CELL, _LABEL, _TOP, _BETWEEN = 16, 150, 56, 54
_COLOURS: dict[Kind, tuple[int, int, int]] = {
    "hidden": (84, 39, 143),
    "mlp": (0, 109, 44),
    "attention": (165, 15, 21),
}
_TITLES: dict[Kind, str] = {
    "hidden": "Hidden state put back",
    "mlp": "MLPs of {window} blocks put back",
    "attention": "Attention of {window} blocks put back",
}


def write_maps(trace: Trace, path: Path | str) -> Path:
    """Write the maps as SVG. Each cell says its number where the pointer rests on it.

    Raises:
        StorageError: The file cannot be written.
    """
    return storage.write_text(path, maps(trace))


def maps(trace: Trace) -> str:
    """The maps as an SVG document, one below another."""
    tokens, layers = trace.effect["hidden"].shape
    tall = tokens * _CELL + _BETWEEN
    width = _LABEL + layers * _CELL + 90
    parts = [
        f'<text x="{_LABEL}" y="20" font-size="14">{escape(repr(trace.answer))}: probability '
        f"{trace.clean:.3f}, with the subject hidden {trace.corrupted:.3f}</text>"
    ]
    for place, kind in enumerate(KINDS):
        parts.append(_panel(trace, kind, _TOP + place * tall))
    height = _TOP + len(KINDS) * tall
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _panel(trace: Trace, kind: Kind, top: int) -> str:
    values: Array = trace.effect[kind]
    most = max(float(values.max()), 1e-9)
    right, foot = _LABEL + values.shape[1] * _CELL, top + len(values) * _CELL
    parts = [
        f'<text x="{_LABEL}" y="{top - 8}" font-weight="bold">'
        f"{escape(_TITLES[kind].format(window=trace.window))}</text>"
    ]
    for number, token in enumerate(trace.tokens):
        star = "*" if trace.subject[0] <= number <= trace.subject[1] else ""
        weight = ' font-weight="bold"' if star else ""
        parts.append(
            f'<text x="{_LABEL - 6}" y="{top + number * _CELL + 12}" text-anchor="end"{weight}>'
            f"{escape(token.strip()[:20] or repr(token))}{star}</text>"
        )
    for (number, layer), value in np.ndenumerate(values):
        parts.append(
            f'<rect x="{_LABEL + layer * _CELL}" y="{top + number * _CELL}" width="{_CELL}" height="{_CELL}" '
            f'fill="{_shade(kind, value / most)}"><title>{escape(trace.tokens[number])}, layer {layer}: '
            f"{value:+.3f}</title></rect>"
        )
    for layer in range(0, values.shape[1], 5):
        parts.append(
            f'<text x="{_LABEL + (layer + 0.5) * _CELL}" y="{foot + 14}" text-anchor="middle">{layer}</text>'
        )
    parts.append(
        f'<rect x="{_LABEL}" y="{top}" width="{right - _LABEL}" height="{foot - top}" fill="none" '
        f'stroke="#999"/>{_scale(kind, right + 14, top, foot, most)}'
    )
    return "".join(parts)


def _scale(kind: Kind, x: int, top: int, foot: int, most: float) -> str:
    """What the shades mean."""
    steps, tall = 8, (foot - top) / 8
    bars = "".join(
        f'<rect x="{x}" y="{top + step * tall:.1f}" width="12" height="{tall + 0.5:.1f}" '
        f'fill="{_shade(kind, 1 - step / (steps - 1))}"/>'
        for step in range(steps)
    )
    return f'{bars}<text x="{x + 18}" y="{top + 10}">+{most:.2f}</text><text x="{x + 18}" y="{foot}">0</text>'


def _shade(kind: Kind, share: float) -> str:
    """White at 0, the colour of the kind at 1."""
    share = min(max(share, 0.0), 1.0)
    return "#" + "".join(f"{round(255 + (full - 255) * share):02x}" for full in _COLOURS[kind])
