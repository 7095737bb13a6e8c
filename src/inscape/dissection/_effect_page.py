"""The page and the strip of pictures of an effect report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inscape.dissection.effect_findings import EffectFindings
from inscape.reports import escape

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_STYLE = """
:root { color-scheme: light dark; --band: #8884; --line: #2f6fb0; --bar: #5a8fc7; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .15rem .7rem; text-align: right; }
td:first-child, th:first-child { text-align: left; } figure { margin: 1.5rem 0; overflow-x: auto; }
img { image-rendering: pixelated; min-width: 100%; } svg { width: 100%; max-width: 40rem; height: auto; }
.bar { display: inline-block; height: .8em; background: var(--bar); }
"""


def strip_image(strip: NDArray[np.uint8]) -> Image:
    """Pictures side by side: a row per picture, a column per step."""
    from PIL import Image as PillowImage

    rows, steps, height, width, _ = strip.shape
    return PillowImage.fromarray(
        strip.transpose(0, 2, 1, 3, 4).reshape(rows * height, steps * width, 3).copy()
    )


def read_strip(path: Path, rows: int, steps: int) -> NDArray[np.uint8]:
    """What `strip_image` drew, as uint8 `[picture, step, height, width, 3]`."""
    from PIL import Image as PillowImage

    with PillowImage.open(path) as image:
        array = np.asarray(image.convert("RGB"))
    height, width = array.shape[0] // rows, array.shape[1] // steps
    return array.reshape(rows, height, steps, width, 3).transpose(0, 2, 1, 3, 4).copy()


def page(report: EffectFindings) -> str:
    """`index.html`: the curve beside its control, the strip, and what appears; works from disk."""
    title = f"{len(report.units)} units of {report.layer} and {report.concept!r}"
    control = report.control
    interval = control["interval"] or [None, None]
    rows = [
        ("area before", _percent(report.area_before)),
        ("area with the units off", _percent(report.area_after)),
        ("relative change", _percent(report.relative_change)),
        (f"{control['sets']} random sets, mean", _percent(control["relative_change"])),
        ("random sets, 95 %", f"{_percent(interval[0])} to {_percent(interval[1])}"),
        ("other pixels that change label", _percent(report.elsewhere["units"])),
    ]
    if report.insertion is not None:
        rows.append(("average causal effect, on minus off", _percent(report.insertion["effect"])))
    figures = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows)
    appears = "".join(
        f"<tr><td>{escape(name)}</td><td>{_percent(share)}</td>"
        f'<td style="text-align:left"><span class="bar" style="width:{share * 12:.2f}rem"></span></td></tr>'
        for name, share in report.appears.items()
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>
<h1>{escape(title)}</h1>
<p>{escape(report.model)}, {report.images} pictures from seed {report.seed} on{_classes(report)}.
Units: {escape(", ".join(map(str, report.units)))}.</p>
<table>{figures}</table>
<figure>{_curve(report)}<figcaption>Area of {escape(report.concept)} as units are switched off, best first;
the band holds 95 % of the random sets with as many units as the last point.</figcaption></figure>
<figure><img src="strip.png" alt="Pictures with 0 to {report.curve[-1][0]} units off, from left to right">
<figcaption>0 to {report.curve[-1][0]} units off, from left to right.</figcaption></figure>
<h2>What stands where {escape(report.concept)} was</h2><table>{appears}</table>
</body></html>
"""


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.1f} %"


def _classes(report: EffectFindings) -> str:
    return f", classes {', '.join(map(str, report.classes))}" if report.classes else ""


def _curve(report: EffectFindings) -> str:
    known = [(count, change) for count, change in report.curve if change is not None]
    if not known:
        return ""
    interval = report.control["interval"] or [0.0, 0.0]
    low = min(-1.0, interval[0], *(change for _, change in known))
    high = max(0.1, interval[1], *(change for _, change in known))
    most = max(known[-1][0], 1)

    def place(count: float, change: float) -> tuple[float, float]:
        return 50 + 530 * count / most, 10 + 200 * (high - change) / (high - low)

    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in known))
    top, bottom = place(0, interval[1])[1], place(0, interval[0])[1]
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
        '<svg viewBox="0 0 600 240" role="img" aria-label="Curve" font-size="12" fill="currentColor">'
        f'<rect x="50" width="530" y="{top:.1f}" height="{max(bottom - top, 1):.1f}" fill="var(--band)"/>'
        f"{ticks}"
        f'{counts}<polyline points="{points}" fill="none" stroke="var(--line)" stroke-width="2.5"/></svg>'
    )
