from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.errors import ValueRangeError
from inscape.statistics import overlap_table
from reference import overlap as reference


def scenes(seed: int, pictures: int, low: tuple[int, int], high: tuple[int, int], dtype=torch.float64):
    """Skies of changing height, trees below, and units that follow the one, the other, or nothing."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((pictures, 2, *high), dtype=np.uint8)
    for picture in labels:
        horizon = rng.integers(high[0] // 4, high[0] // 2)
        picture[0, :horizon] = 1
        picture[0, horizon:] = 2
        top, left = rng.integers(horizon, high[0] - 4), rng.integers(0, high[1] - 6)
        picture[0, top : top + rng.integers(3, 12), left : left + rng.integers(4, 16)] = 3
        picture[1, top : top + 3, left : left + 5] = 4
    small = [
        torch.nn.functional.adaptive_avg_pool2d(
            torch.from_numpy((labels[:, 0] == concept) * 1.0).float(), low
        )
        for concept in (1, 3)
    ]
    noise = torch.from_numpy(rng.standard_normal((pictures, 4, *low)).astype(np.float32))
    smooth = torch.nn.functional.avg_pool2d(noise, 3, 1, 1)
    sky, tree = small[0] + 0.5 * smooth[:, 0], small[1] + 0.3 * smooth[:, 1]
    units = [sky, tree, noise[:, 2], noise[:, 3].relu() * 0.2 + small[0]]
    return torch.stack(units, dim=1).to(dtype), torch.from_numpy(labels)


@pytest.mark.parametrize(("low", "high"), [((8, 8), (32, 32)), ((6, 5), (32, 30)), ((16, 16), (16, 16))])
def test_the_best_levels_and_ious_equal_the_reference(low, high):
    activations, labels = scenes(1, 31, low, high)
    table = overlap_table(activations, labels, vocabulary_size=6, shuffles=1)
    thresholds = reference.level_thresholds(activations, high)
    level, iou = reference.best(activations, labels, thresholds, 6)
    assert np.allclose(table.level_best, np.array(reference.LEVELS)[level])
    assert np.allclose(table.threshold_best, thresholds.gather(1, level), rtol=1e-12)
    dyadic = high[0] % low[0] == 0
    assert np.abs(table.iou_best - iou.numpy()).max() <= (0 if dyadic else 5e-3)
    thresholds, iou = reference.table_of_top(activations, labels, 6)
    assert np.allclose(table.threshold, thresholds, rtol=1e-12)
    assert np.abs(table.iou - iou.numpy()).max() <= (0 if dyadic else 5e-3)


def test_chance_agrees_with_the_exact_shuffles():
    activations, labels = scenes(2, 80, (8, 8), (32, 32), torch.float32)
    activations = activations[:, [0, 1, 2]]
    table = overlap_table(activations, labels, vocabulary_size=6, shuffles=6, seed=5)
    thresholds = reference.level_thresholds(activations, (32, 32))
    exact = reference.shuffled_best(activations, labels, thresholds, 6, shuffles=6, seed=5)
    assert np.allclose(table.chance, reference.chance(exact), rtol=0.05, atol=0.002)
    by_concept = np.quantile(exact.numpy(), 0.99, axis=0)
    assert np.abs(table.chance_by_concept - by_concept).max() <= 0.05


def test_units_that_follow_a_concept_pass_chance_and_noise_does_not():
    activations, labels = scenes(3, 200, (8, 8), (32, 32), torch.float32)
    table = overlap_table(activations, labels, vocabulary_size=6)
    best = table.iou_best.max(axis=1)
    assert table.iou_best.argmax(axis=1)[0] == 1
    assert table.iou_best[1].argmax() in (3, 4)
    assert (best[:2] > table.chance[:2]).all()
    assert best[2] <= table.chance[2] * 1.02


def test_one_picture_is_not_enough():
    with pytest.raises(ValueRangeError, match="two pictures"):
        overlap_table(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 8, 8, dtype=torch.uint8), vocabulary_size=3)
