"""Which layer, and which rank: the same rule made in every layer, each measured on a few pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inscape.audits.reach_leak import Audit, Change
from inscape.errors import InscapeError, LayerError, RegionError, UnsupportedError, ValueRangeError
from inscape.progress import SilentProgress
from inscape.rewriting import Rewriter
from inscape.rewriting.memory import memory_of

if TYPE_CHECKING:
    from inscape.editing import WeightEdit
    from inscape.models import Generator
    from inscape.progress import Progress
    from inscape.rewriting.task import PreparedTask

SAMPLES = 500
"""Pictures over which each layer's second moment is taken."""


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

    def to_json(self) -> dict[str, Any]:
        """As JSON, without the edit."""
        return {"layer": self.layer, "rank": self.rank, **self.change.to_json()}


def advise(
    task: PreparedTask,
    model: Generator,
    audit: Audit,
    judged: tuple[str, tuple[str, ...] | None],
    *,
    layers: Sequence[str] | None = None,
    ranks: Sequence[int] = (1,),
    progress: Progress | None = None,
) -> list[Trial]:
    """Make a rule in several layers and measure each; the best harmonic mean of reach and 1 − leak first.

    Args:
        task: The rule.
        model: The generator.
        audit: Some of its pictures as they are now; a hundred tell layers apart.
        judged: The concept whose places count, and those that they should become.
        layers: Which to try; all that can be rewritten unless given.
        ranks: Which ranks to try in each.
        progress: Told about rules as they are measured.

    Raises:
        UnsupportedError: No layer could be tried; why the last one could not is said.
        CancelledError: The person asked to stop.
    """
    tried = list(layers) if layers is not None else rewritable_layers(model)
    found: list[Trial] = []
    trouble: InscapeError | None = None
    with (progress or SilentProgress()).task("Trying layers", len(tried) * len(ranks), "rules") as done:
        for name in tried:
            rewriter = Rewriter(model, name, samples=SAMPLES)
            for rank in ranks:
                try:
                    edit = task.make(rewriter, rank=rank)
                    found.append(Trial(name, rank, edit, audit.measure([edit], *judged)))
                except (RegionError, ValueRangeError) as error:  # too small a layer for the rule
                    trouble = error
                done.advance(1)
    if not found:
        raise UnsupportedError(f"The rule could be made in no layer: {trouble}")
    return sorted(found, key=lambda trial: -trial.change.harmonic)


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
