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
    """The smallest value per unit that at most a `fraction` of all values exceed, and a millionth more.

    `values_U_` holds all up-sampled values of each unit. Hot means strictly above the threshold. Up-sampling
    repeats values along the border, up to rounding; the millionth puts them on the same side.
    """
    allowed = int(np.floor(fraction * values_U_.shape[1]))
    value_U = values_U_.sort(dim=1, descending=True).values[:, allowed]
    return value_U + value_U.abs() * 1e-6


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


LEVELS = tuple(np.geomspace(0.001, 0.5, 16))
LEVEL_PICTURES = 128


def sample_stride(size: int, label_size: int) -> int:
    """The least stride from 3 on without a common factor with the scale, so that all phases are visited."""
    scale = max(1, label_size // size)
    return next(stride for stride in range(3, 100) if np.gcd(stride, scale) == 1)


def sample(maps_NXHW: torch.Tensor, raw_size: tuple[int, int]) -> torch.Tensor:
    """Every third (or so) row and column of whatever has the label resolution."""
    rows, columns = (sample_stride(*pair) for pair in zip(raw_size, maps_NXHW.shape[2:], strict=True))
    return maps_NXHW[:, :, ::rows, ::columns]


def level_thresholds(activations_NUhw: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Candidate thresholds [U, L]: what the top 0.1 % to 50 % of a unit's up-sampled values exceed.

    Taken over a sample of the up-sampled values in at most 128 pictures, drawn at random with seed 0.
    """
    some_NUhw = activations_NUhw
    if len(activations_NUhw) > LEVEL_PICTURES:
        drawn = np.random.default_rng(0).choice(len(activations_NUhw), LEVEL_PICTURES, replace=False)
        some_NUhw = activations_NUhw[sorted(drawn.tolist())]
    values_NUHW = sample(upsample(some_NUhw, size), tuple(some_NUhw.shape[2:]))
    values_U_ = values_NUHW.transpose(0, 1).reshape(activations_NUhw.shape[1], -1)
    return torch.stack([threshold(values_U_, level) for level in LEVELS], dim=1)


def information_quality_ratio(
    both_UC: torch.Tensor, hot_U: torch.Tensor, labelled_C: torch.Tensor, pixels: int
) -> torch.Tensor:
    """Mutual information over joint entropy of "hot" and "labelled"; less than 1e-12 nats are none.

    0 where pixels are hot no more often on the labelled ones than off them.
    """
    both = both_UC.double() / pixels
    hot = (hot_U.double() / pixels)[:, None].expand_as(both)
    labelled = (labelled_C.double() / pixels)[None].expand_as(both)

    def entropy(*probabilities: torch.Tensor) -> torch.Tensor:
        return -sum(torch.special.xlogy(p.clamp(min=0), p.clamp(min=0)) for p in probabilities)

    joint = entropy(both, hot - both, labelled - both, 1 - hot - labelled + both)
    mutual = entropy(hot, 1 - hot) + entropy(labelled, 1 - labelled) - joint
    positive = both > hot * labelled
    return torch.where((mutual > 1e-12) & positive, mutual / joint.clamp(min=1e-12), 0.0)


def best(
    activations_NUhw: torch.Tensor,
    labels_NPHW: torch.Tensor,
    thresholds_UL: torch.Tensor,
    vocabulary_size: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The level [U, C] with the highest information quality ratio in every second picture, IoU in the others.

    Pictures 0, 2, 4, ... choose, on a sample of their pixels; pictures 1, 3, 5, ... measure, on all pixels.
    Equal ratios go to the smaller level. Levels below 0 have none, and without any the IoU is 0.
    """
    raw_size = tuple(activations_NUhw.shape[2:])
    values_NUHW = sample(upsample(activations_NUhw[0::2], labels_NPHW.shape[2:]), raw_size)
    labels_of_sample = sample(labels_NPHW[0::2], raw_size)
    ratios, ious = [], []
    for thresholds_U in thresholds_UL.T:
        # what is already up-sampled stays as it is
        chosen = counts(values_NUHW, labels_of_sample, thresholds_U, vocabulary_size)
        measured = counts(activations_NUhw[1::2], labels_NPHW[1::2], thresholds_U, vocabulary_size)
        ratio_UC = information_quality_ratio(*chosen, labels_of_sample[:, 0].numel())
        ratios.append(torch.where(thresholds_U[:, None] >= 0, ratio_UC, 0.0))
        ious.append(iou(*measured))
    return at_best_level(torch.stack(ratios), torch.stack(ious))


def at_best_level(ratio_LUC: torch.Tensor, iou_LUC: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The level [U, C] of the highest ratio, and the IoU there; 0 where the ratio is 0 at every level."""
    level_UC = torch.from_numpy(np.argmax(ratio_LUC.numpy(), axis=0))
    iou_UC = iou_LUC.gather(0, level_UC[None])[0]
    return level_UC, torch.where(ratio_LUC.amax(0) > 0, iou_UC, 0.0)


def shuffled_best(
    activations_NUhw: torch.Tensor,
    labels_NPHW: torch.Tensor,
    thresholds_UL: torch.Tensor,
    vocabulary_size: int,
    *,
    shuffles: int,
    seed: int,
) -> torch.Tensor:
    """`best` [shuffle, U, C] with whole label maps shuffled between the pictures of each half."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(shuffles):
        shuffled = labels_NPHW.clone()
        for half in (0, 1):
            part = labels_NPHW[half::2]
            shuffled[half::2] = part[torch.from_numpy(random.permutation(len(part)))]
        found.append(best(activations_NUhw, shuffled, thresholds_UL, vocabulary_size)[1])
    return torch.stack(found)


def chance(shuffled_best_SUC: torch.Tensor) -> torch.Tensor:
    """The 99th percentile over the shuffles of each unit's best IoU over all concepts."""
    return torch.from_numpy(np.quantile(shuffled_best_SUC.max(dim=2).values.numpy(), 0.99, axis=0))
