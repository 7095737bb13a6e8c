from __future__ import annotations

import numpy as np
import pytest
from scripts.world_statistics import nearest_pair, survey, thumbnails


def test_the_nearest_pair_by_blocks_is_the_one_found_by_comparing_all() -> None:
    vectors = np.random.RandomState(0).uniform(0, 255, (57, 12)).astype(np.float32)
    vectors[40] = vectors[13] + 0.5
    rms, pair = nearest_pair(vectors, block=10)
    assert sorted(pair) == [13, 40]
    assert rms == pytest.approx(0.5, rel=1e-3)


def test_thumbnails_are_box_averages() -> None:
    pictures = np.random.RandomState(1).randint(0, 255, (2, 32, 32, 3)).astype(np.uint8)
    thumbs = thumbnails(pictures).reshape(2, 16, 16, 3)
    assert thumbs[1, 3, 5, 2] == pytest.approx(pictures[1, 6:8, 10:12, 2].mean())


def test_a_survey_counts_presence_between_none_and_all() -> None:
    figures = survey("town", 40, True)
    assert figures["blocks_with_exceptions"] == 0
    assert figures["present"]["sky"] == 1.0
    assert 0.0 < figures["present"]["tree"] <= 1.0
