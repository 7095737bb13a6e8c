"""Advice on layer and rank: make the same rule in every layer, and measure each on a few pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inscape.audits.reach_leak import Audit, Change
from inscape.errors import InscapeError, LayerError, RegionError, UnsupportedError, ValueRangeError
from inscape.progress import SilentProgress
from inscape.rewriting.memories import memory_of
from inscape.types import JsonObject

if TYPE_CHECKING:
    from inscape.editing import WeightEdit
    from inscape.models import Edit, Generator
    from inscape.progress import Progress

PICTURES = 128
"""Pictures that tell layers apart, where half of them show the context."""


@dataclass(frozen=True)
class Trial:
    """A rule made in one layer with one rank.

    Attributes:
        layer: Name of the layer.
        rank: Of the rule.
        edit: The rule.
        change: What it reached and what it leaked.
    """

    layer: str
    rank: int
    edit: WeightEdit
    change: Change

    def to_json(self) -> JsonObject:
        """As JSON, without the edit."""
        return {"layer": self.layer, "rank": self.rank, **self.change.to_json()}


@dataclass(frozen=True)
class Proposal:
    """A rule that can be made in any layer, and what it is for.

    Attributes:
        make: Makes it, from the name of a layer and a rank: `PreparedTask.maker`.
        context: The concept whose places count.
        goal: What they should become; anything else unless given.
        over: Edits that are applied before the rule.
    """

    make: Callable[[str, int], WeightEdit]
    context: str
    goal: str | Sequence[str] | None = None
    over: Sequence[Edit] = ()


def advise(
    proposal: Proposal,
    audit: Audit,
    layers: Sequence[str],
    ranks: Sequence[int] = (1,),
    *,
    progress: Progress | None = None,
    found: Callable[[Trial], None] | None = None,
) -> list[Trial]:
    """Make a rule in several layers and measure each; the best harmonic mean of reach and 1 − leak first.

    Args:
        proposal: The rule.
        audit: What each is measured on: `Audit.sample` of many, so that a rare context is shown too.
        layers: Which to try: `rewritable_layers`.
        ranks: Which ranks to try in each.
        progress: Reports the rules done.
        found: Called with each trial as it comes.

    Raises:
        UnsupportedError: No layer could be tried; why the last one could not is said.
        CancelledError: The person cancelled.
    """
    trials: list[Trial] = []
    trouble: InscapeError | None = None
    with (progress or SilentProgress()).task("Trying layers", len(layers) * len(ranks), "rules") as done:
        for name in layers:
            for rank in ranks:
                try:
                    edit = proposal.make(name, rank)
                except (RegionError, ValueRangeError) as error:  # too small a layer for the rule, or its rank
                    trouble = error
                else:
                    edits = [*proposal.over, edit]
                    change = audit.measure(edits, proposal.context, proposal.goal, progress=progress)
                    trials.append(Trial(name, rank, edit, change))
                    if found is not None:
                        found(trials[-1])
                done.advance(1)
    if not trials:
        raise UnsupportedError(f"No layer can hold the rule: {trouble}", "Mark a smaller region.")
    return sorted(trials, key=lambda trial: -trial.change.harmonic)


def rewritable_layers(model: Generator) -> list[str]:
    """Names of the layers that a rule can be written into, in the order of the forward pass."""
    names = []
    for name in model.layers:
        try:
            memory_of(model, name)
        except (LayerError, UnsupportedError):
            continue
        names.append(name)
    return names
