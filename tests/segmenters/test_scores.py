from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.errors import ShapeError
from inscape.segmenters.scores import LabelScores
from small_worlds import VOCABULARY, SmallWorld


def noisy(labels: torch.Tensor) -> torch.Tensor:
    """The same labels, a few pixels moved."""
    return labels.roll(1, 3)


def test_scores_equal_counts_over_all_pixels():
    truth = torch.from_numpy(SmallWorld().batch(range(20), 32)[1])
    guess = noisy(truth)
    scores = LabelScores(VOCABULARY)
    for part in (slice(0, 7), slice(7, 20)):
        scores.add(guess[part], truth[part])
    for name, value in scores.iou().items():
        number = VOCABULARY.index(name)
        first, second = guess == number, truth == number
        assert value == pytest.approx(float((first & second).sum() / (first | second).sum()))
        assert scores.recall()[name] == pytest.approx(float((first & second).sum() / second.sum()))
        areas = second.flatten(1).sum(1).numpy()
        assert scores.median_area()[name] == np.median(areas[areas > 0])
    found = scores.iou()
    assert scores.mean("part") == pytest.approx(np.mean([found["roof"], found["base"], found["shine"]]))
    assert scores.count == 20


def test_equal_labels_score_one_and_absent_concepts_are_left_out():
    truth = torch.ones(1, 3, 4, 4, dtype=torch.uint8)
    scores = LabelScores(VOCABULARY)
    scores.add(truth, truth)
    assert scores.iou() == {"sky": 1.0}
    assert np.isnan(scores.mean("material"))


def test_maps_of_different_shapes_are_refused():
    with pytest.raises(ShapeError, match="one shape"):
        LabelScores(VOCABULARY).add(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5))
