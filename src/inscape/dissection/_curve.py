"""The curve of an effect, beside the band of its control, as SVG."""

from __future__ import annotations

from collections.abc import Sequence


def curve_chart(curve: Sequence[tuple[int, float | None]], interval: Sequence[float] | None) -> str:
    """Relative change by how many units are off; empty where there is none to draw.

    Args:
        curve: `(units off, relative change)`.
        interval: What 95 % of the random sets do; no band without it.
    """
    known = [(count, change) for count, change in curve if change is not None]
    if not known:
        return ""
    least, largest = interval or (0.0, 0.0)
    low = min(-1.0, least, *(change for _, change in known))
    high = max(0.1, largest, *(change for _, change in known))
    most = max(known[-1][0], 1)

    def place(count: float, change: float) -> tuple[float, float]:
        return 50 + 530 * count / most, 10 + 200 * (high - change) / (high - low)

    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in known))
    top, bottom = place(0, largest)[1], place(0, least)[1]
    band = (
        f'<rect x="50" width="530" y="{top:.1f}" height="{max(bottom - top, 1):.1f}" fill="#8884"/>'
        if interval
        else ""
    )
    ticks = "".join(
        f'<text x="44" y="{place(0, level)[1] + 4:.1f}" text-anchor="end">{level * 100:.0f} %</text>'
        f'<line x1="50" x2="580" y1="{place(0, level)[1]:.1f}" y2="{place(0, level)[1]:.1f}" stroke="#8886"/>'
        for level in (-1.0, -0.5, 0.0)
    )
    counts = "".join(
        f'<text x="{place(count, 0)[0]:.1f}" y="232" text-anchor="middle">{count}</text>'
        for count, _ in known[::5]
    )
    return (
        '<svg viewBox="0 0 600 240" role="img" aria-label="Curve" font-size="12" fill="currentColor" '
        'style="width:100%;max-width:40rem;height:auto">'
        f'{band}{ticks}{counts}<polyline points="{points}" fill="none" stroke="var(--plane-0)" '
        'stroke-width="2.5"/></svg>'
    )
