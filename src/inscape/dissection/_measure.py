"""Thresholds, overlaps and chance of one layer, from what the pass kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from inscape.dissection._pass import Kept
from inscape.dissection._values import LEVELS, conditional_means, quantiles
from inscape.dissection.findings import Comparison
from inscape.dissection.unit_values import UnitValues
from inscape.progress import Progress
from inscape.statistics import overlap_table


@dataclass(frozen=True)
class Measured:
    """The levels, and the numbers by concept and unit."""

    threshold: Float[np.ndarray, "unit"]
    threshold_best: Float[np.ndarray, "unit concept"]
    chance: Float[np.ndarray, "unit"]
    values: UnitValues


def measure(
    kept: Kept, layer: str, vocabulary_size: int, comparison: Comparison, progress: Progress
) -> Measured:
    """Measure every unit of a layer against every concept.

    Units are taken in blocks of limited size, so that what is in memory does not grow with the pictures.

    Args:
        kept: The pass.
        layer: Name of the layer.
        vocabulary_size: The concepts and 0.
        comparison: How units are compared with concepts.
        progress: Advances by units.
    """
    activations, named = kept.layer(layer), kept.plan.groups
    groups = None if named is None else np.unique(named, return_inverse=True)[1].tolist()
    table = overlap_table(
        activations,
        kept.labels,
        vocabulary_size=vocabulary_size,
        quantile=comparison.quantile,
        border=comparison.border,
        groups=groups,
        progress=progress,
    )
    levels = [quantiles(block, LEVELS) for _, block in activations.unit_blocks()]
    conditional, mean = conditional_means(activations, kept.labels, vocabulary_size)
    values = UnitValues(
        levels=LEVELS,
        quantiles=torch.from_numpy(np.concatenate(levels, axis=1)),
        mean=mean,
        conditional_mean=conditional,
        iou=_by_concept(table.iou),
        iou_best=_by_concept(table.iou_best),
        chance=_by_concept(table.chance_by_concept),
        information=_by_concept(table.information),
        chance_error=_by_concept(table.chance_error),
        information_of_place=_by_concept(table.information_of_place),
    )
    return Measured(table.threshold, table.threshold_best[:, 1:], table.chance, values)


def _by_concept(table: Float[np.ndarray, "unit concept"]) -> Float[Tensor, "concept unit"]:
    """A table without the column of index 0."""
    return torch.from_numpy(np.ascontiguousarray(table[:, 1:].T, dtype=np.float32))
