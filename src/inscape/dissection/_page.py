"""What the page of a dissection shows inside the frame: the chart, and the list of units with their pictures.

Names of models and concepts are foreign text: they stand as JSON in the data block, and are only ever set as
text by the script.
"""

from __future__ import annotations

from inscape.dissection._chart import chart, colour_of
from inscape.dissection.findings import Findings, UnitFinding
from inscape.reports import Link, Page, read_template
from inscape.types import JsonObject

_ALSO = 5
_PACKAGE = "inscape.dissection"
FOLDER = "thumbnails"


def page(report: Findings, heading: str, facts: str, link: Link) -> Page:
    """The page of a dissection.

    Args:
        report: What it shows.
        heading: Plain text.
        facts: Plain text.
        link: The address of a strip of pictures.
    """
    figure, sprites = chart(report), report.top.sprites
    miniou, top = f"{report.comparison.miniou:g}", f"{100 * report.comparison.quantile:g}"
    units = [_unit(report, finding, link) for finding in report.findings]
    return Page(
        heading,
        facts,
        figure,
        read_template(_PACKAGE, "units.html", {"CHART": figure, "MINIOU": miniou, "TOP": top}),
        style=read_template(_PACKAGE, "units.css"),
        data={"count": sprites.count, "size": sprites.size, "units": units, "miniou": miniou, "top": top},
        script=read_template(_PACKAGE, "units.js"),
    )


def _unit(report: Findings, finding: UnitFinding, link: Link) -> JsonObject:
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
        "file": link(f"{FOLDER}/{report.top.sprites.file(finding.unit)}"),
        "seeds": report.top.seeds[finding.unit].tolist(),
        "peaks": [round(peak, 5) for peak in report.top.peaks[finding.unit].tolist()],
        "best": [[report.vocabulary.names[place], round(float(column[place]), 5)] for place in best],
    }
