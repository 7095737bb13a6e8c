"""Compare layers: the number of units that match each concept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from inscape.errors import ValueRangeError

if TYPE_CHECKING:
    from pandas import DataFrame

    from inscape.dissection.report import DissectionReport


def compare_layers(reports: Mapping[str, DissectionReport] | Iterable[DissectionReport]) -> DataFrame:
    """Units that count for each concept, a column per layer.

    Args:
        reports: Of layers of one model, in the order of the columns; what `dissect_layers` returns will do.

    Returns:
        A row per concept that has a unit in any layer, by plane and falling total, with its plane in front.
    """
    from pandas import DataFrame

    each = list(reports.values()) if isinstance(reports, Mapping) else list(reports)
    if not each:
        raise ValueRangeError("A comparison of layers needs at least one report, got none.")
    counts = {report.layer: report.concepts for report in each}
    planes = {concept.name: concept.plane for report in each for concept in report.vocabulary.concepts}
    order = list(dict.fromkeys(planes.values()))
    names = {name for found in counts.values() for name in found}
    ranked = sorted(
        names,
        key=lambda name: (order.index(planes[name]), -sum(c.get(name, 0) for c in counts.values()), name),
    )
    rows = [
        {"plane": planes[name], **{layer: found.get(name, 0) for layer, found in counts.items()}}
        for name in ranked
    ]
    return DataFrame(rows, index=ranked, columns=["plane", *counts])
