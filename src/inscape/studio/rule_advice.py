"""Which layer and rank suit a rule of the page: it is made in each of them, and measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from inscape.studio.results import AdviceResult, AdviceRow
from inscape.studio.rule_schemas import AdviceRequest

if TYPE_CHECKING:
    from inscape.editing import WeightEdit
    from inscape.progress import Progress
    from inscape.studio.rules import Rules

_LOOKED_AT = 4
"""Times as many pictures as rules are measured on are looked through for those that show the context."""


def advise(
    rules: Rules, model: str, request: AdviceRequest, layers: Sequence[str], progress: Progress
) -> AdviceResult:
    """Make and measure a rule in several layers and ranks.

    Args:
        rules: Makes them; none is kept.
        model: The model.
        request: The rule, the concepts, how many pictures, the ranks.
        layers: All that can be rewritten unless given.
        progress: Told about every step of the work.

    Returns:
        A row for each layer and rank, and which of them has the highest harmonic mean of reach and 1 − leak.
    """
    from inscape import audits

    known = rules.layers(model).layers
    chosen = list(layers) or [layer.name for layer in known if layer.inputs is not None]
    audit = rules.audit(model, _LOOKED_AT * request.images, progress)

    def make(layer: str, rank: int) -> WeightEdit:
        choices = request.choices.model_copy(update={"layer": layer, "rank": rank})
        return rules.solved(model, request, choices, progress)

    trials = audits.advise(
        make,
        audit,
        (request.concept, request.becomes),
        chosen,
        sorted(set(request.ranks)),
        pictures=request.images,
        over=rules.edits(model, request.over),
        progress=progress,
    )
    rows = [
        AdviceRow(**trial.to_json(), loss=trial.edit.made["loss"], change=trial.edit.made["change"])
        for trial in trials
    ]
    rows.sort(key=lambda row: (chosen.index(row.layer), row.rank))
    best = max(range(len(rows)), key=lambda number: rows[number].harmonic)
    return AdviceResult(rows=rows, best=best, images=request.images)
