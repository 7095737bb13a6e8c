"""The bar chart of a report: units per concept, plane by plane, as SVG."""

from __future__ import annotations

from inscape.concepts import Vocabulary
from inscape.dissection.findings import Findings
from inscape.reports import escape

_COLOURS = 6
_STEP, _BAR, _HEIGHT, _TOP, _LEFT, _BELOW, _BETWEEN = 26, 18, 150, 34, 34, 96, 22


def colour_of(vocabulary: Vocabulary, plane: str) -> int:
    """Which of the page's colours stands for a plane."""
    return vocabulary.planes.index(plane) % _COLOURS


def ordered_concepts(report: Findings) -> dict[str, list[tuple[str, int]]]:
    """Concepts with units, by plane in the vocabulary's order, then by falling count."""
    planes: dict[str, list[tuple[str, int]]] = {plane: [] for plane in report.vocabulary.planes}
    for name, count in report.concepts.items():
        planes[report.vocabulary.concept(name).plane].append((name, count))
    return {plane: sorted(rows, key=lambda row: (-row[1], row[0])) for plane, rows in planes.items() if rows}


def chart(report: Findings) -> str:
    """The chart; a sentence where no unit counts."""
    planes = ordered_concepts(report)
    if not planes:
        return '<p class="note">No unit matches a concept better than chance.</p>'
    most = max(count for rows in planes.values() for _, count in rows)
    pieces, x = [], float(_LEFT)
    for plane, rows in planes.items():
        pieces.append(_plane(plane, rows, x, colour_of(report.vocabulary, plane), most))
        x += max(len(rows) * _STEP, _title_width(plane, rows)) + _BETWEEN
    width, height = x + _BELOW * 0.6, _TOP + _HEIGHT + _BELOW
    label = escape(f"Units per concept in {report.layer}")
    return (
        f'<svg role="group" aria-label="{label}" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}">{_ticks(most, x - _BETWEEN)}{"".join(pieces)}</svg>'
    )


def _title_width(plane: str, rows: list[tuple[str, int]]) -> float:
    return 7.0 * len(_title(plane, rows))


def _title(plane: str, rows: list[tuple[str, int]]) -> str:
    return f"{plane}: {sum(count for _, count in rows)}"


def _ticks(most: int, right: float) -> str:
    marks = sorted({0, most} | ({most // 2} if most >= 4 else set()))
    pieces = []
    for mark in marks:
        y = _TOP + _HEIGHT * (1 - mark / most)
        pieces.append(
            f'<line class="grid" x1="{_LEFT - 4}" x2="{right:.0f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#8884"/>'
            f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{mark}</text>'
        )
    return "".join(pieces)


def _plane(plane: str, rows: list[tuple[str, int]], x: float, colour: int, most: int) -> str:
    fill = f"var(--plane-{colour})"
    title = (
        f'<text x="{x:.0f}" y="14" style="fill:{fill};font-weight:600">{escape(_title(plane, rows))}</text>'
    )
    return title + "".join(
        _bar(name, count, x + place * _STEP, fill, most) for place, (name, count) in enumerate(rows)
    )


def _bar(name: str, count: int, x: float, fill: str, most: int) -> str:
    tall = _HEIGHT * count / most
    foot, middle = _TOP + _HEIGHT, x + _BAR / 2
    shown, safe = escape(name if len(name) <= 18 else name[:17] + "…"), escape(name)
    units = "unit" if count == 1 else "units"
    return (
        f'<g class="bar" role="button" tabindex="0" aria-pressed="false" data-concept="{safe}" '
        f'aria-label="{safe}, {count} {units}"><title>{safe}: {count} {units}</title>'
        f'<rect class="hit" x="{x - 3:.1f}" y="{_TOP - 16}" width="{_STEP - 2}" height="{_HEIGHT + 22}" '
        f'rx="4" fill="none"/>'
        f'<rect class="column" x="{x:.1f}" y="{foot - tall:.1f}" width="{_BAR}" height="{tall:.1f}" rx="2" '
        f'style="fill:{fill}"/>'
        f'<text class="count" x="{middle:.1f}" y="{foot - tall - 4:.1f}" text-anchor="middle">{count}</text>'
        f'<text x="{middle - 3:.1f}" y="{foot + 14}" '
        f'transform="rotate(45 {middle - 3:.1f} {foot + 14})">{shown}</text></g>'
    )
