"""What units usually are: exact quantiles, means, and means where a concept is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from inscape.dissection._kept import KeptArray
from inscape.statistics._order import in_order

LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999)


def quantiles(
    block: Float[np.ndarray, "picture unit height width"], levels: Sequence[float]
) -> Float[np.ndarray, "level unit"]:
    """Exact quantiles of each unit's raw activations: the nearest rank, a value that occurs.

    Args:
        block: All pictures of some units.
        levels: Fractions in [0, 1].
    """
    values = np.array(block.transpose(1, 0, 2, 3), dtype=np.float32, order="C").reshape(block.shape[1], -1)
    places = [min(values.shape[1] - 1, round(level * (values.shape[1] - 1))) for level in levels]
    return in_order(values, places)


def cell_fractions(
    labels: UInt8[np.ndarray, "picture plane height width"], size: tuple[int, int], vocabulary_size: int
) -> Float[np.ndarray, "concept picture cell"]:
    """Which fraction of each cell of a coarser (or finer) grid every concept covers.

    A label pixel belongs to the cell that holds its centre; where cells are smaller than pixels, each
    takes the label at its own centre.

    Args:
        labels: Vocabulary indices; 0 is none.
        size: Rows and columns of the grid.
        vocabulary_size: The concepts and 0; the result leaves 0 out.
    """
    pictures, _, height, width = labels.shape
    if size[0] > height or size[1] > width:
        rows = ((np.arange(size[0]) + 0.5) * height / size[0]).astype(np.int64)
        columns = ((np.arange(size[1]) + 0.5) * width / size[1]).astype(np.int64)
        labels = labels[:, :, rows[:, None], columns[None]]
        height, width = size
    cell_row = ((np.arange(height) + 0.5) * size[0] / height).astype(np.int64)
    cell_column = ((np.arange(width) + 0.5) * size[1] / width).astype(np.int64)
    cells = size[0] * size[1]
    cell = cell_row[:, None] * size[1] + cell_column[None]
    place = np.arange(pictures)[:, None, None, None] * cells + cell
    index = labels.astype(np.int64) * (pictures * cells) + place
    counts = np.bincount(index.reshape(-1), minlength=vocabulary_size * pictures * cells)
    per_cell = np.bincount(cell.reshape(-1), minlength=cells).astype(np.float32)
    shaped = counts.reshape(vocabulary_size, pictures, cells)[1:]
    result: NDArray[np.float32] = shaped.astype(np.float32) / per_cell
    return result


def conditional_means(
    activations: KeptArray, labels: KeptArray, vocabulary_size: int, *, batch: int = 64
) -> tuple[Float[Tensor, "concept unit"], Float[Tensor, "unit"]]:
    """The presence-weighted mean feature of every concept, and the overall mean.

    GAN Dissection (Bau et al., ICLR 2019), section 3.2: the mean of a unit's activation weighted with the
    fraction of the cell that the concept covers. Sums are float64.

    Args:
        activations: Raw, `[picture, unit, height, width]`.
        labels: uint8 `[picture, plane, height, width]`.
        vocabulary_size: The concepts and 0.
        batch: Pictures at a time.

    Returns:
        By concept and unit (the overall mean where a concept never occurs), and by unit.
    """
    units, size = activations.shape[1], (activations.shape[2], activations.shape[3])
    weighted = torch.zeros(vocabulary_size - 1, units, dtype=torch.float64)
    weight = torch.zeros(vocabulary_size - 1, dtype=torch.float64)
    total = torch.zeros(units, dtype=torch.float64)
    for first, count in _batches(len(activations), batch):
        fractions = torch.from_numpy(cell_fractions(labels.rows(first, count), size, vocabulary_size))
        maps = torch.from_numpy(activations.rows(first, count)).flatten(2)
        weighted += torch.bmm(fractions.transpose(0, 1), maps.transpose(1, 2)).sum(0, dtype=torch.float64)
        weight += fractions.sum((1, 2), dtype=torch.float64)
        total += maps.sum((0, 2), dtype=torch.float64)
    mean = total / (len(activations) * size[0] * size[1])
    conditional = torch.where(weight[:, None] > 0, weighted / weight[:, None].clamp(min=1e-12), mean[None])
    return conditional.float(), mean.float()


def _batches(count: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(0, count, step):
        yield first, min(step, count - first)
