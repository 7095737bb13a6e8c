"""The page of a dissection report: one file that works from disk, with the strips of pictures beside it.

Names of models and concepts are foreign text: they are escaped in the HTML, stand as JSON in the data
block, and are only ever set as text by the script.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from inscape.dissection._chart import chart, colour_of
from inscape.dissection.findings import Findings, UnitFinding
from inscape.reports import escape, script_json

_ALSO = 5


def page(report: Findings) -> str:
    """The whole of `index.html`."""
    parts = {
        "TITLE": escape(f"{report.model} {report.layer}: what its units match"),
        "STYLE": _template("page.css"),
        "HEADING": escape(f"{report.model} · {report.layer}"),
        "FACTS": escape(facts(report)),
        "NOTE": escape(
            "Units are counted under the concept that they match best, when the overlap (IoU at their best "
            "level) is above 0.05 and above their own chance level: what their best match reaches on "
            "shuffled label maps. Choose a bar to see its units."
        ),
        "CHART": chart(report),
        "DATA": script_json(_data(report)),
        "SCRIPT": _template("page.js"),
    }
    first, *rest = _template("page.html").split("@@")
    # split once, so that nothing inside a part is taken for a place
    return first + "".join(parts[piece] if place % 2 == 0 else piece for place, piece in enumerate(rest))


def summary(report: Findings) -> str:
    """The chart and the units furthest above their chance, for a notebook."""
    units = report.table()
    best = (units["iou_best"] - units["chance"]).nlargest(10).index
    table = units.loc[best].to_html(escape=True, index=False)
    heading = f"<b>{escape(report.model)} · {escape(report.layer)}</b><br>{escape(facts(report))}"
    style = "".join(f"--plane-{place}:{colour};" for place, colour in enumerate(_NOTEBOOK_COLOURS))
    return f'<div style="{style}overflow-x:auto">{heading}{chart(report)}{table}</div>'


_NOTEBOOK_COLOURS = ("#0072b2", "#b85000", "#00795a", "#a8507f", "#7a6400", "#3b5bb5")


def facts(report: Findings) -> str:
    """One line of figures."""
    counting = sum(finding.counts for finding in report.findings)
    concepts = len(report.concepts)
    last = report.seed + report.images - 1
    seen = f"seeds {report.seed} to {last}" if report.source is None else f"of {report.source}"
    classes = f", classes {', '.join(map(str, report.classes))}" if report.classes else ""
    return (
        f"{counting} of {len(report.findings)} units match one of {concepts} "
        f"concept{'' if concepts == 1 else 's'} · "
        f"{report.images} pictures, {seen}{classes}"
    )


def _template(name: str) -> str:
    return files("inscape.dissection").joinpath("templates", name).read_text(encoding="utf-8")


def _data(report: Findings) -> dict[str, Any]:
    sprites = report.top.sprites
    return {
        "count": sprites.count,
        "size": sprites.size,
        "units": [_unit(report, finding) for finding in report.findings],
    }


def _unit(report: Findings, finding: UnitFinding) -> dict[str, Any]:
    column = report.values.iou_best[:, finding.unit]
    best = [place for place in column.argsort(descending=True).tolist()[:_ALSO] if column[place] > 0]
    name = finding.concept_best
    return {
        "unit": finding.unit,
        "concept": finding.concept,
        "concept_best": name,
        "iou": finding.iou,
        "iou_best": finding.iou_best,
        "threshold": finding.threshold,
        "threshold_best": finding.threshold_best,
        "chance": finding.chance,
        "counts": finding.counts,
        "colour": 0 if name is None else colour_of(report.vocabulary, report.vocabulary.concept(name).plane),
        "file": f"thumbnails/{report.top.sprites.file(finding.unit)}",
        "seeds": report.top.seeds[finding.unit].tolist(),
        "peaks": [round(peak, 5) for peak in report.top.peaks[finding.unit].tolist()],
        "best": [[report.vocabulary.names[place], round(float(column[place]), 5)] for place in best],
    }
