"""The page of an explanation: the picture, its parts with their regions, what was not seen, the curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from inscape.dissection.evidence_parts import MANY_SETS, SETS
from inscape.reports import Link, Page, escape, percent, read_template
from inscape.reports.plots import Axes, Curve, plot

if TYPE_CHECKING:
    from inscape.dissection.evidence_parts import CurvePoint, EvidenceFields, Part

DELETION = "Deletion", "units off"
"""Title and axis of the plot."""


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
    return Page(heading, facts, curve(found.deletion, *DELETION, found), body, style)


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
    """The curves of deletion and insertion under a heading; empty where there are none."""
    drawn = "".join(
        curve(points, title, axis, found)
        for points, title, axis in (
            (found.deletion, *DELETION),
            (found.insertion, "Insertion", "units on, from none"),
        )
    )
    return f"{_about_curves(found)}{drawn}" if drawn else ""


def curve(points: Sequence[CurvePoint], title: str, axis: str, found: EvidenceFields) -> str:
    """The number by units switched, as a plot; empty where there are no points."""
    if not points:
        return ""
    banded = [
        Curve(name, [(unit, row[0]) for unit, row in rows], [row[1:] for _, row in rows], dashed=True)
        for name, rows in (
            ("random", [(point.units, point.random) for point in points]),
            ("equally active", [(point.units, point.active) for point in points]),
        )
    ]
    best = Curve("largest parts", [(point.units, point.best) for point in points])
    return plot(title, [best, *banded], Axes(axis, "logit" if found.classes else "probability"))


def _about_curves(found: EvidenceFields) -> str:
    """What the curves are, and what their bands hold."""
    sets = SETS[found.method]
    held = f"hold 95 % of {sets} sets" if sets >= MANY_SETS else f"are the range of {sets} sets"
    return (
        "<h2>Deletion and insertion</h2>"
        '<p class="note">Units are switched off, or on from none: those with the largest parts, random '
        f"ones, and others that are as active as the largest parts. The bands {held}.</p>"
    )
