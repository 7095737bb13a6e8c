"""Which layer and rank suit a rule: it is made in each of them, and its reach and leak are measured.

This is the only place that decides how the page is advised; a faster way of finding out belongs here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from inscape.errors import RegionError, UnsupportedError, ValueRangeError
from inscape.studio.rule_schemas import AdviceRequest

if TYPE_CHECKING:
    from inscape.progress import Progress
    from inscape.studio.rules import Rules


def advise(
    rules: Rules, model: str, request: AdviceRequest, layers: Sequence[str], progress: Progress
) -> dict[str, Any]:
    """Make and measure a rule in several layers and ranks.

    Args:
        rules: Makes them; none is kept.
        model: The model.
        request: The rule, the concepts, how many pictures, the ranks.
        layers: All that can be rewritten unless given.
        progress: Told about every step of the work.

    Returns:
        `{rows: [{layer, rank, reach, reach_interval, leak, leak_interval, harmonic, loss, change}], best}`,
        where `best` is the number of the row with the highest harmonic mean of reach and 1 − leak.
    """
    known = rules.layers(model).layers
    chosen = list(layers) or [layer.name for layer in known if layer.inputs is not None]
    ranks = {layer.name: layer.largest_rank for layer in known}
    audit = rules.audit(model, request.images, progress)
    over = rules.edits(model, request.over)
    rows = []
    for layer in chosen:
        for rank in sorted({min(rank, ranks[layer]) for rank in request.ranks}):
            choices = request.choices.model_copy(update={"layer": layer, "rank": rank})
            try:
                edit = rules.solved(model, request, choices, progress)
            except (RegionError, ValueRangeError):  # what is pasted is larger than a low layer, say
                continue
            found = audit.measure([*over, edit], request.concept, request.becomes, progress=progress)
            row = {"layer": layer, "rank": rank, **found.to_json()}
            rows.append({**row, "loss": edit.made["loss"], "change": edit.made["change"]})
    if not rows:
        raise UnsupportedError("This rule cannot be made in any of these layers.", "Mark a smaller region.")
    best = max(range(len(rows)), key=lambda number: rows[number]["harmonic"])
    return {"rows": rows, "best": best, "images": request.images}
