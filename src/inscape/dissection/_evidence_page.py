"""The page of an explanation: the picture, its parts with their regions, what was not seen, the curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from inscape.reports import Link, Page, escape, percent, read_template

if TYPE_CHECKING:
    from inscape.dissection.evidence_parts import CurvePoint, EvidenceFields, Part

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 600, 250, 52, 36, 12
_LINES = (("best", "largest parts", "0"), ("random", "random", "1"), ("active", "equally active", "2"))


def page(found: EvidenceFields, heading: str, facts: str, link: Link) -> Page:
    """The page under a heading and a line of figures."""
    speaking = [place for place, part in enumerate(found.parts) if part.contribution > 0]
    against = [place for place, part in enumerate(found.parts) if part.contribution < 0]
    most = max([abs(part.contribution) for part in found.parts], default=1.0) or 1.0

    def rows(places: Sequence[int]) -> str:
        return "".join(_row(found, place, most, link) for place in places)

    classes = "".join(
        f"<tr><td>{escape(name)}</td><td>{logit:.2f}</td><td>{percent(probability)}</td></tr>"
        for name, logit, probability in found.classes
    )
    table = f"<h2>First classes</h2><table><tr><th>class</th><th>logit</th><th></th></tr>{classes}</table>"
    unseen = "".join(
        f"<li>{escape(_named(each.unit, each.concept, each.weighs_for))}: usually {each.usual:+.2f}, here "
        f"{each.contribution:+.2f}</li>"
        for each in found.unseen
    )
    named = f'<p class="note">Units are named by: {escape(found.named_by)}.</p>' if found.named_by else ""
    body = f"""<div class="evidence"><figure class="seen"><img src="{link("picture.png")}" alt="The picture"
width="{len(found.pixels)}" height="{len(found.pixels)}"></figure><div>{table if classes else ""}</div></div>
{named}<h2>It saw</h2><ul class="parts">{rows(speaking)}</ul>
<h2>What spoke against</h2><ul class="parts">{rows(against) or "<li>Nothing.</li>"}</ul>
{f"<h2>It did not see</h2><ul>{unseen}</ul>" if unseen else ""}
<p class="note">These parts and a remainder of {found.remainder:+.4f} add up to the logit,
{found.logit:.4f}.</p>{curves(found)}"""
    style = read_template("inscape.dissection", "evidence.css")
    return Page(heading, facts, curve(found.deletion, "units off"), body, style)


def _row(found: EvidenceFields, place: int, most: float, link: Link) -> str:
    part, file = found.parts[place], found.file_of(place)
    size = len(found.pixels)
    shown = (
        f'<img src="{link(file)}" alt="Where unit {part.unit} is active" loading="lazy" width="{size}" '
        f'height="{size}">'
        if file
        else ""
    )
    length = 100 * abs(part.contribution) / most
    sign = "for" if part.contribution > 0 else "against"
    return (
        f'<li class="{sign}">{shown}<p><b>{escape(_title(part))}</b> {part.contribution:+.3f}</p>'
        f'<span class="bar" style="width:{length:.1f}%"></span><p class="note">{_said(part)}</p></li>'
    )


def _title(part: Part) -> str:
    return f"unit {part.unit}" + (f" · {part.concept}" if part.concept else "")


def _said(part: Part) -> str:
    weighs = f"weighs most for {escape(', '.join(part.weighs_for))}" if part.weighs_for else ""
    where = f"{percent(part.region.share)} of the picture" if part.region else ""
    return "; ".join(text for text in (weighs, where) if text)


def _named(unit: int, concept: str | None, weighs_for: tuple[str, ...]) -> str:
    said = concept or ", ".join(weighs_for)
    return f"unit {unit}" + (f" ({said})" if said else "")


def curves(found: EvidenceFields) -> str:
    """The curves of deletion and insertion, a figure each."""
    return "".join(
        f"<figure>{curve(points, what)}<figcaption>{escape(said)}</figcaption></figure>"
        for points, what, said in (
            (found.deletion, "units off", "Deletion: the logit as units are switched off."),
            (found.insertion, "units on", "Insertion: the logit as units are switched on, from none."),
        )
        if points
    )


def curve(points: Sequence[CurvePoint], what: str) -> str:
    """The logit by units switched, with axes; the bands hold 95 % of the sets. Empty where there is none."""
    if not points:
        return ""
    values = [value for point in points for value in (point.best, *point.random, *point.active)]
    low, high = min(values), max(values)
    high += (high - low) * 0.05 or 1.0
    most = max(points[-1].units, 1)

    def at(units: int, value: float) -> str:
        x = _LEFT + (_WIDTH - _LEFT - 10) * units / most
        y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)
        return f"{x:.1f},{y:.1f}"

    pieces = []
    for number in range(5):
        level = low + (high - low) * number / 4
        y = at(0, level).split(",")[1]
        pieces.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{y}" y2="{y}" stroke="#8884"/>'
            f'<text x="{_LEFT - 6}" y="{y}" dy="4" text-anchor="end">{level:.1f}</text>'
        )
    for units in sorted({0, most // 2, most}):
        x = at(units, low).split(",")[0]
        pieces.append(f'<text x="{x}" y="{_HEIGHT - 18}" text-anchor="middle">{units}</text>')
    middle = (_LEFT + _WIDTH) / 2
    pieces.append(f'<text x="{middle}" y="{_HEIGHT - 2}" text-anchor="middle">{escape(what)}</text>')
    for name, label, colour in _LINES:
        pieces.append(_line(points, name, label, f"var(--plane-{colour})", at))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Logit by {escape(what)}" '
        'font-size="12" fill="currentColor" style="width:100%;max-width:40rem;height:auto">'
        f"{''.join(pieces)}</svg>"
    )


def _line(
    points: Sequence[CurvePoint], name: str, label: str, colour: str, at: Callable[[int, float], str]
) -> str:
    if name == "best":
        line, band = [at(point.units, point.best) for point in points], ""
    else:
        rows = [(point.units, point.random if name == "random" else point.active) for point in points]
        line = [at(units, row[0]) for units, row in rows]
        edge = [at(units, row[1]) for units, row in rows] + [at(units, row[2]) for units, row in rows[::-1]]
        band = f'<polygon points="{" ".join(edge)}" fill="{colour}" opacity=".18"/>'
    x, y = line[-1].split(",")
    return (
        f'{band}<polyline points="{" ".join(line)}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        f'<text x="{x}" y="{float(y) - 5:.1f}" text-anchor="end" style="fill:{colour}">{label}</text>'
    )
