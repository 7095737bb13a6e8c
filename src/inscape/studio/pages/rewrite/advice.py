"""Which layer and rank suit a rule of the page: it is made in each of them, and measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import inscape
from inscape.errors import InscapeError
from inscape.progress import PartOfWhole
from inscape.studio.jobs import Told
from inscape.studio.pages.rewrite.rules import Rules
from inscape.studio.pages.rewrite.shapes import AdviceRequest, AdviceResult, AdviceRow

if TYPE_CHECKING:
    from inscape.audits import Trial
    from inscape.progress import Progress
    from inscape.rewriting import Rewriter

_LOOKED_AT = 4
"""Times as many pictures as rules are measured on are looked through for those that show the context."""


def advise(
    rules: Rules, model: str, request: AdviceRequest, layers: Sequence[str], progress: Told
) -> AdviceResult:
    """Make and measure a rule in several layers and ranks.

    Args:
        rules: Makes them; none is kept.
        model: The model.
        request: The rule, the concepts, how many pictures, the ranks.
        layers: All that can be rewritten unless given.
        progress: Told how far the whole is, and each row as it comes.

    Returns:
        A row for each layer and rank, and which of them has the highest harmonic mean of reach and 1 − leak.
    """
    from inscape import audits

    known = rules.layers(model).layers
    chosen = list(layers) or [layer.name for layer in known if layer.inputs is not None]
    ranks, looked_at = sorted(set(request.ranks)), _LOOKED_AT * request.images
    rewriters = rules.comparing(model, chosen)
    drawn = 0 if rules.audited(model, looked_at) else looked_at
    total = drawn + _missing(rewriters.values()) + len(chosen) * len(ranks) * request.images
    found: list[Trial] = []
    with progress.task("Comparing layers", total, "pictures") as whole:
        parts = PartOfWhole(whole, "pictures")
        audit = rules.audit(model, looked_at, parts)
        _gather(rewriters.values(), parts)

        def make(layer: str, rank: int) -> inscape.WeightEdit:
            try:
                return rules.solved(model, request, rewriters[layer], parts, rank=rank)
            except InscapeError:
                whole.advance(request.images)  # that are not drawn
                raise

        def take(trial: Trial) -> None:
            found.append(trial)
            progress.found(_result(found, chosen, request.images))

        over = rules.edits(model, request.over)
        proposal = audits.Proposal(make, request.concept, request.becomes, over)
        few = audit.sample(proposal.context, request.images)
        audits.advise(proposal, few, chosen, ranks, progress=parts, found=take)
    return _result(found, chosen, request.images)


def _missing(rewriters: Iterable[Rewriter]) -> int:
    """Pictures that have to be drawn before layers can be compared: once for all of them."""
    from inscape.rewriting import is_gathered

    return max(
        (
            each.samples
            for each in rewriters
            if not each.prepared and not is_gathered(each.memory, samples=each.samples)
        ),
        default=0,
    )


def _gather(rewriters: Iterable[Rewriter], progress: Progress) -> None:
    from inscape.rewriting import key_moments
    from inscape.rewriting.key_space import KeySpace

    few = [each for each in rewriters if not each.prepared]
    if few:
        moments = key_moments([each.memory for each in few], samples=few[0].samples, progress=progress)
        for each, moment in zip(few, moments, strict=True):
            each.space = KeySpace(moment)


def _result(trials: Sequence[Trial], layers: Sequence[str], images: int) -> AdviceResult:
    rows = [
        AdviceRow(**trial.to_json(), loss=trial.edit.made["loss"], change=trial.edit.made["change"])
        for trial in trials
    ]
    rows.sort(key=lambda row: (layers.index(row.layer), row.rank))
    best = max(range(len(rows)), key=lambda number: rows[number].harmonic)
    return AdviceResult(rows=rows, best=best, images=images)
