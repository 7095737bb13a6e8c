"""Zeros beyond the border, beside the code of GAN Dissection's authors.

Each file `data/zero_border_*.npz` holds what github.com/davidbau/dissect computed once on `tensors`: its
`upsampler`, the indicator of values above the thresholds, `tally.conditional_samples`,
`tally_conditional_mean` and `iou_from_conditional_indicator_mean`. The thresholds
were Inscape's with `border="zeros"`, and are in the file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inscape.statistics import overlap_table
from inscape.statistics._levels import sampled
from reference import overlap as reference

DATA = Path(__file__).parent / "data"
CASES = {"scale_8": ((8, 8), (64, 64), 0.01), "odd_scale": ((6, 5), (32, 30), 0.005)}
"""Rows and columns of the maps, of the label maps, and the share of values that is hot."""
VOCABULARY = 12


def tensors(low: tuple[int, int], high: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """24 pictures of 12 units, some of which follow a label, and two planes of label maps."""
    random = np.random.default_rng(5)
    labels = np.zeros((24, 2, *high), dtype=np.uint8)
    maps = random.standard_normal((24, 12, *low), dtype=np.float32)
    rows = (np.arange(low[0]) * high[0] // low[0])[:, None]
    columns = np.arange(low[1]) * high[1] // low[1]
    for picture, units in zip(labels, maps, strict=True):
        for place in range(14):
            top, left = random.integers(0, high[0] - 4), random.integers(0, high[1] - 4)
            height, width = random.integers(4, 2 + high[0] // 2, 2)
            label = 1 + place % (VOCABULARY - 1)
            picture[label % 2, top : top + height, left : left + width] = label
        for unit in range(0, 12, 2):
            units[unit] += 3 * (picture[(unit + 1) % 2, rows, columns] == unit + 1)
    return maps, labels


def zero_upsampled(maps: NDArray[np.float32], size: tuple[int, int]) -> torch.Tensor:
    """Bilinear, half-pixel centres, zeros beyond the border, as torch samples a grid; in float64."""
    rows, columns = (
        ((torch.arange(label, dtype=torch.float64) + 0.5) * own / label - 0.5) * 2 / (own - 1) - 1
        for own, label in zip(maps.shape[2:], size, strict=True)
    )
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)
    values = torch.from_numpy(maps).double()
    return torch.nn.functional.grid_sample(
        values, grid.expand(len(maps), -1, -1, -1), padding_mode="zeros", align_corners=True
    )


@pytest.mark.parametrize("name", CASES)
def test_every_pair_has_the_iou_that_the_code_of_the_authors_gives(name):
    low, high, quantile = CASES[name]
    expected = np.load(DATA / f"zero_border_{name}.npz")
    table = overlap_table(
        *tensors(low, high), vocabulary_size=VOCABULARY, border="zeros", quantile=quantile, shuffles=1
    )
    assert np.allclose(table.threshold, expected["threshold"], rtol=1e-5)
    assert np.abs(table.iou[:, 1:] - expected["iou"][:, 1:]).max() <= 1e-3


@pytest.mark.parametrize("name", CASES)
def test_the_figures_are_those_of_maps_that_are_upsampled_with_zeros_beyond_the_border(name):
    low, high, quantile = CASES[name]
    maps, labels = tensors(low, high)
    maps -= 0.5  # zeros then are high values, and hot ones
    values, marks = zero_upsampled(maps, high), torch.from_numpy(labels)
    assert np.allclose(sampled(maps, high, (1, 1), "zeros"), values.flatten(2), atol=1e-6)
    table = overlap_table(
        maps.astype(np.float64),
        labels,
        vocabulary_size=VOCABULARY,
        border="zeros",
        quantile=quantile,
        shuffles=1,
    )
    threshold, iou = reference.table_of_top(values, marks, VOCABULARY, quantile)
    assert np.allclose(table.threshold, threshold, rtol=1e-9)
    assert np.abs(table.iou - iou.numpy()).max() <= 1e-3
    for unit, concept in np.argwhere(table.iou_best > 0):
        limits = torch.full((values.shape[1],), table.threshold_best[unit, concept])
        best = reference.iou(*reference.counts(values[1::2], marks[1::2], limits, VOCABULARY))
        assert table.iou_best[unit, concept] == pytest.approx(float(best[unit, concept]), abs=1e-3)


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_zeros_beyond_the_border_count_where_nearly_everything_is_hot(share):
    maps, labels = tensors((8, 8), (64, 64))
    maps = np.abs(maps).astype(np.float64)
    table = overlap_table(
        maps, labels, vocabulary_size=VOCABULARY, border="zeros", quantile=share, shuffles=1
    )
    threshold, _ = reference.table_of_top(
        zero_upsampled(maps, (64, 64)), torch.from_numpy(labels), VOCABULARY, share
    )
    assert np.allclose(table.threshold, threshold, rtol=1e-9)
