"""What a dissection counts, written the plain slow way: the definition of Inscape's numbers.

Everything is dense: whole activations are up-sampled with `torch.nn.functional.interpolate`, every
threshold makes a boolean mask over every pixel, every concept is gathered with a boolean index, every shuffle
of the label maps counts everything again. Nothing here shares code with `inscape.statistics`; the tests and
the benchmarks compare the two.

Legend of shape suffixes: N pictures, U units, H and W label rows and columns, P planes, C vocabulary indices
(0 is "none"), L levels.
"""

from __future__ import annotations

import numpy as np
import torch


def upsample(activations_NUhw: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Bilinear, half-pixel centres, border repeated; in the dtype that came."""
    return torch.nn.functional.interpolate(activations_NUhw, size=size, mode="bilinear", align_corners=False)


def threshold(values_U_: torch.Tensor, fraction: float) -> torch.Tensor:
    """The smallest value per unit that at most a `fraction` of all values exceed: a value of the unit itself.

    `values_U_` holds all up-sampled values of each unit. Hot means strictly above the threshold.
    """
    allowed = int(np.floor(fraction * values_U_.shape[1]))
    return values_U_.sort(dim=1, descending=True).values[:, allowed]


def top_thresholds(activations_NUhw: torch.Tensor, size: tuple[int, int], fraction: float) -> torch.Tensor:
    """`threshold` of the up-sampled values of all pictures; a unit at a time, to fit in memory."""
    return torch.stack(
        [
            threshold(upsample(activations_NUhw[:, unit : unit + 1], size).reshape(1, -1), fraction)[0]
            for unit in range(activations_NUhw.shape[1])
        ]
    )


def counts(
    activations_NUhw: torch.Tensor,
    labels_NPHW: torch.Tensor,
    thresholds_U: torch.Tensor,
    vocabulary_size: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pixels that are hot and labelled [U, C], hot [U], labelled [C]: picture by picture, label by label."""
    units = activations_NUhw.shape[1]
    both_UC = torch.zeros(units, vocabulary_size, dtype=torch.int64)
    hot_U = torch.zeros(units, dtype=torch.int64)
    labelled_C = torch.zeros(vocabulary_size, dtype=torch.int64)
    for activations_Uhw, labels_PHW in zip(activations_NUhw, labels_NPHW, strict=True):
        values_UHW = upsample(activations_Uhw[None], labels_PHW.shape[-2:])[0]
        hot_UHW = values_UHW > thresholds_U[:, None, None]
        hot_U += hot_UHW.sum(dim=(1, 2))
        hot_HWU = hot_UHW.permute(1, 2, 0)
        for labels_HW in labels_PHW:
            for label in labels_HW.unique().tolist():
                if label:
                    mask_HW = labels_HW == label
                    both_UC[:, label] += hot_HWU[mask_HW].sum(dim=0)
                    labelled_C[label] += mask_HW.sum()
    return both_UC, hot_U, labelled_C


def iou(both_UC: torch.Tensor, hot_U: torch.Tensor, labelled_C: torch.Tensor) -> torch.Tensor:
    """Intersection over union in float64; 0 where there is nothing at all."""
    union_UC = hot_U[:, None] + labelled_C[None] - both_UC
    return both_UC.double() / union_UC.clamp(min=1).double()


def table_of_top(
    activations_NUhw: torch.Tensor, labels_NPHW: torch.Tensor, vocabulary_size: int, fraction: float = 0.01
) -> tuple[torch.Tensor, torch.Tensor]:
    """Thresholds [U] and IoU [U, C] at each unit's own top `fraction` of the up-sampled values."""
    thresholds_U = top_thresholds(activations_NUhw, tuple(labels_NPHW.shape[-2:]), fraction)
    return thresholds_U, iou(*counts(activations_NUhw, labels_NPHW, thresholds_U, vocabulary_size))
