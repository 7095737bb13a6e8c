"""What units cause, measured for the page: the library's own measurement, as one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.reports import data_url
from inscape.segmenters import segmenter_names
from inscape.studio.results import EffectResult
from inscape.verbs.effect import EffectRequest, measure_opened

if TYPE_CHECKING:
    from inscape.dissection import UnitSet
    from inscape.models import Generator
    from inscape.progress import Progress
    from inscape.studio.job_schemas import EffectsRequest
    from inscape.studio.reports import Reports


def run_effects(
    model: Generator, name: str, asked: EffectsRequest, reports: Reports, progress: Progress
) -> EffectResult:
    """Measure what a set of units does to a concept, beside random sets.

    Args:
        model: A generator that nothing else uses meanwhile.
        name: What the studio calls it; its card may call it otherwise.
        asked: Units, concept, how many pictures.
        reports: Where the values come from that units are switched on with.
        progress: Told about pictures as they are done.

    Returns:
        What `inscape effect --json` prints, and `strip_image`: pictures with more and more units off, a row
        per picture, as a data URL.
    """
    units: UnitSet | list[int] = asked.units
    segmenter = model.card.segmenter
    if reports.has(name, asked.layer):
        report = reports.load(name, asked.layer)
        units = report.unit_set(asked.units)
        if segmenter is None and report.segmenter in segmenter_names():  # a report may be foreign
            segmenter = report.segmenter
    request = EffectRequest(
        name,
        asked.concept,
        units=",".join(map(str, asked.units)),
        layer=asked.layer,
        images=asked.images,
        insert=asked.insert,
    )
    found = measure_opened(model, units, request, segmenter, progress)
    return EffectResult(**found.to_json(), strip_image=data_url("strip.webp", found.strip_file("WEBP")))
